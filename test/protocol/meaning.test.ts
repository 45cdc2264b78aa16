import { END, START, Annotation, BaseStore, type LangGraphRunnableConfig, StateGraph } from '@langchain/langgraph'
import { afterAll, beforeAll, expect } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { MetastoreItemStore } from '../../src/langgraph/library.ts'
import { builtInExecutor } from '../../src/server/executors/built-in.ts'
import { loadEmbeddings } from '../../src/server/server.ts'
import { embedWaiting } from '../../src/store/store.ts'
import { anna, ident } from '../harness/assistant-store.ts'
import { type EmbeddingServer, startEmbeddingServer } from '../harness/embedding-server.ts'
import { embeddingOf } from '../harness/words-model.ts'
import { execute, newThread } from './execution.ts'
import { protocolScenarios } from './world.ts'

let provider: EmbeddingServer
const logged: Error[] = []

beforeAll(async () => {
  provider = await startEmbeddingServer()
})
afterAll(() => provider[Symbol.asyncDispose]())

const model = () =>
  loadEmbeddings({
    settings: { url: provider.url, model: 'words', keyEnv: null, size: 0, fields: ['$'] },
    graphs: undefined,
    load: () => Promise.resolve({}),
    secret: () => undefined,
    log: (error) => void logged.push(error),
    pause: 0,
  })

const executor = builtInExecutor()

protocolScenarios(
  'search by meaning',
  [executor],
  (it, scenario) => {
    const store = () => it().client.store
    const search = async (place: string[], query: string, options: object = {}) =>
      (await store().searchItems(place, { query, ...options })).items
    const keys = async (place: string[], query: string, options: object = {}) =>
      (await search(place, query, options)).map(({ key }) => key)
    /** Whether this database has pgvector. */
    const byMeaning = async () => {
      const [row] = await it().store.admin.transaction((tx) =>
        tx.query<{ there: boolean }>(sql`select to_regclass('store_vectors') is not null as there`),
      )
      return row?.there === true
    }

    scenario(50, 'what was there before the model is found by its meaning soon', async () => {
      if (!(await byMeaning())) return
      // Written with the rows of the test, by nobody who knows of a model.
      const models = () =>
        it().store.admin.transaction((tx) =>
          tx.query(sql`
            select c.embedding_model as chunk, v.embedding_model as item from chunks c join store_vectors v using (tenant_id)
            where c.id = ${ident(anna, 'chunk')}`),
        )
      await expect.poll(models).toEqual([{ chunk: 'words', item: 'words' }])
    })

    scenario(50, 'an embedding model ranks items by their meaning, and without pgvector their words do', async () => {
      const place = ['meaning', 'pets']
      await store().putItem(place, 'cat', { text: 'a kitten', n: 1 })
      await store().putItem(place, 'car', { text: 'an automobile', n: 2 })
      await store().putItem(place, 'hidden', { text: 'a cat' }, { index: false })
      await store().putItem(place, 'part', { title: 'boats', note: 'a cat' }, { index: ['title'] })
      if (!(await byMeaning())) {
        expect(await keys(place, 'cat')).toEqual([])
        expect(await search(place, 'kitten')).toMatchObject([{ key: 'cat', score: expect.any(Number) as number }])
        return
      }
      const found = await search(place, 'cat')
      expect(found[0]).toMatchObject({ key: 'cat', value: { n: 1 } })
      expect(found.map(({ key }) => key).toSorted()).toEqual(['car', 'cat', 'part'])
      const scores = found.map(({ score }) => score ?? NaN)
      expect(scores).toEqual(scores.toSorted((a, b) => b - a))
      expect(await keys(place, 'vehicle', { filter: { n: 2 } })).toEqual(['car'])
      expect(await keys(place, 'cat', { limit: 1, offset: 1 })).toEqual([found[1]?.key])
      expect(await keys(['meaning', 'pet'], 'cat')).toEqual([])
      // What says nothing is near to nothing.
      expect(await keys(place, '…')).toEqual([])
    })

    scenario(
      50,
      'while the model is away items are kept and found by their words, and by meaning afterwards',
      async () => {
        const place = ['meaning', 'away']
        logged.length = 0
        provider.answer = 503
        await store().putItem(place, 'k', { text: 'a kitten' })
        expect(await keys(place, 'kitten')).toEqual(['k'])
        expect(await keys(place, 'cat')).toEqual([])
        provider.answer = 'embeddings'
        if (!(await byMeaning())) return
        expect(logged.map(({ message }) => message)).toContain(
          'The embedding model words has answered with status 503.',
        )
        const { embeddings = expect.fail(), admin } = it().store
        // The server itself may have tried meanwhile, after which it waits for a while.
        const again = async () => {
          await admin.transaction((tx) => tx.execute(sql`update store_vectors set embed_after = null`))
          await embedWaiting(admin.transaction, embeddings)
          return keys(place, 'cat')
        }
        await expect.poll(again).toEqual(['k'])
      },
    )

    scenario(49, 'nobody finds by its meaning what is of another tenant', async () => {
      await store().putItem(['meaning', 'secret'], 'k', { text: 'the launch' })
      expect((await it().stranger.store.searchItems(['meaning'], { query: 'the launch' })).items).toEqual([])
    })

    scenario(50, 'a document is found by the meaning of a question, and answers it', async () => {
      const request = (path: string, init: object = {}) =>
        fetch(`${it().server.url}/api/${anna}/knowledge${path}`, {
          headers: { 'x-api-key': 'anna', 'content-type': 'application/json' },
          ...init,
        })
      const content = 'An automobile is washed on Fridays'
      const kept = await request('', { method: 'POST', body: JSON.stringify({ title: 'Cars', content }) })
      expect(kept.status).toBe(200)
      const [first] = ((await (await request('?query=vehicle')).json()) as { passages: { content: string }[] }).passages
      const tenant = it().store.tenant(anna)
      const threadId = await newThread(tenant, 'assistant')
      const input = { messages: [{ role: 'user', content: 'When is my vehicle cleaned?' }] }
      await execute(executor, { store: tenant, threadId, graphId: 'assistant', input })
      const { values } = await it().client.threads.getState<{ messages: { content: string }[] }>(threadId)
      const answer = values.messages.at(-1)?.content
      if (await byMeaning()) {
        expect(first?.content).toBe(content)
        expect(answer).toContain(`- ${content} (Cars)`)
      } else {
        expect(first).toBeUndefined()
        expect(answer).toContain('I have found nothing')
      }
    })

    scenario(
      65,
      'a graph in process finds by meaning with an index of its own, in one request for a batch',
      async () => {
        const asked: string[][] = []
        const embeddings = {
          model: 'own',
          embedDocuments: (texts: string[]) => {
            asked.push(texts)
            return Promise.resolve(texts.map((text) => embeddingOf(text, 64)))
          },
          embedQuery: (text: string) => Promise.resolve(embeddingOf(text, 64)),
        }
        const items = new MetastoreItemStore({
          store: it().store,
          tenant: anna,
          index: { dims: 64, embeddings, fields: ['text'] },
        })
        expect(items).toBeInstanceOf(BaseStore)
        const state = Annotation.Root({ found: Annotation<string[]> })
        const remember = async (_: unknown, { store: own }: LangGraphRunnableConfig) => {
          const place = ['graph', 'pets']
          await own?.put(place, 'cat', { text: 'kitten' })
          const found = (await own?.search(place, { query: 'cat', limit: 1 })) ?? []
          return { found: found.map(({ key, score }) => `${key} ${score?.toFixed(1)}`) }
        }
        const graph = new StateGraph(state).addNode('n', remember).addEdge(START, 'n').addEdge('n', END)
        const { found } = await graph.compile({ store: items }).invoke({})
        await items.batch([
          { namespace: ['graph', 'batch'], key: 'a', value: { text: 'one' } },
          { namespace: ['graph', 'batch'], key: 'b', value: { text: 'two', other: 1 } },
          { namespace: ['graph', 'batch'], key: 'a', value: { text: 'three' } },
        ])
        if (!(await byMeaning())) {
          expect([found, asked]).toEqual([[], []])
          return
        }
        expect(found).toEqual(['cat 1.0'])
        expect(asked).toEqual([['kitten'], ['one', 'two', 'three']])
        const nearest = await items.search(['graph', 'batch'], { query: 'three', limit: 1 })
        expect(nearest).toMatchObject([{ key: 'a', value: { text: 'three' } }])
      },
    )
  },
  undefined,
  model,
)

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type EmbeddingServer, startEmbeddingServer } from '../harness/embedding-server.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'
import { embeddingOf } from '../harness/words-model.ts'
import { loadScript } from '../../src/migrations/load-script.ts'
import { type EmbeddingOptions, loadEmbeddings } from '../../src/server/embeddings/load-embeddings.ts'

let provider: EmbeddingServer
beforeAll(async () => {
  provider = await startEmbeddingServer()
})
afterAll(() => provider[Symbol.asyncDispose]())
beforeEach(() => {
  provider.answer = 'embeddings'
  provider.asked.length = 0
})

const logged: Error[] = []
const key = 'sk-of-embeddings'

function options(settings: Partial<EmbeddingOptions['settings']> = {}, graphs?: string): EmbeddingOptions {
  return {
    settings: { url: provider.url, model: null, keyEnv: null, size: 0, fields: ['$'], ...settings },
    graphs,
    load: loadScript,
    secret: (name) => (name === 'THE_KEY' ? key : undefined),
    log: (error) => void logged.push(error),
    pause: 60_000,
  }
}

/** A langgraph.json with this index, and files beside it. */
function graphsWith(index: unknown, files: Readonly<Record<string, string>> = {}): string {
  const directory = temporaryDirectory()
  const all = { 'langgraph.json': JSON.stringify({ graphs: { a: './a.ts' }, store: { index } }), ...files }
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true })
    writeFileSync(path.join(directory, name), text)
  }
  symlinkSync(path.resolve('node_modules'), path.join(directory, 'node_modules'), 'junction')
  return path.join(directory, 'langgraph.json')
}

describe('an embedding model that the settings name', () => {
  test('is asked with its key, and told how many numbers to give where that is said', async () => {
    const model = await loadEmbeddings(options({ model: 'words', keyEnv: 'THE_KEY', size: 256, fields: ['title'] }))
    expect(model).toMatchObject({ name: 'words@256', fields: ['title'] })
    const texts = ['one', 'two', 'three']
    expect(await model?.embed(texts, 'keep')).toEqual(texts.map((text) => embeddingOf(text, 256)))
    expect(provider.asked).toEqual([
      { authorization: `Bearer ${key}`, body: { model: 'words', input: ['metastore'], dimensions: 256 } },
      { authorization: `Bearer ${key}`, body: { model: 'words', input: texts, dimensions: 256 } },
    ])
  })

  test('needs no key, and there may be none', async () => {
    expect(await loadEmbeddings(options({ model: 'words' }))).toMatchObject({ name: 'words' })
    expect(provider.asked).toEqual([{ authorization: undefined, body: { model: 'words', input: ['metastore'] } }])
    expect(await loadEmbeddings(options())).toBeUndefined()
  })

  test.each([
    [503, 'The embedding model words has answered with status 503.', 'It is asked again later.'],
    [
      401,
      'The embedding model words has answered with status 401.',
      'Give it a key that it takes: embeddings_key_env names its variable.',
    ],
    [404, 'The embedding model words has answered with status 404.', 'Look at its URL, and whether it has this model.'],
    [429, 'The embedding model words has answered with status 429.', 'Wait, or raise the limits at the provider.'],
    [
      '<html>',
      'The embedding model words has answered with something else than embeddings.',
      'Look whether its URL is that of an API like OpenAI’s.',
    ],
  ])('that is away (%s) is told of in the log once, and left alone for a while', async (answer, message, remedy) => {
    provider.answer = answer
    logged.length = 0
    const model = await loadEmbeddings(options({ model: 'words', keyEnv: 'THE_KEY' }))
    await expect(model?.embed(['x'], 'keep').catch((error: Error) => model.onFailure?.(error))).resolves.toBe(undefined)
    expect(provider.asked).toHaveLength(1)
    expect(logged).toMatchObject([{ code: 'unavailable', message, remedy }])
    expect(JSON.stringify(logged.map((error) => ({ ...error, message: error.message })))).not.toContain(key)
  })

  test('that nobody runs is away too', async () => {
    logged.length = 0
    expect(await loadEmbeddings(options({ model: 'words', url: 'http://127.0.0.1:1/v1' }))).toBeDefined()
    expect(logged).toMatchObject([
      {
        message: 'The embedding model words cannot be reached.',
        remedy: 'Look whether it runs, and whether the server may open connections to it.',
      },
    ])
  })

  test('that gives other numbers than the database keeps is refused at the start', async () => {
    provider.answer = JSON.stringify({ data: [{ embedding: Array<number>(3072).fill(1) }] })
    await expect(loadEmbeddings(options({ model: 'large' }))).rejects.toMatchObject({
      code: 'embedding_invalid',
      message: 'The embedding model large gives 3072 numbers for a text, and the database keeps 1536 at most.',
      remedy: 'Have it give 1536 or fewer where it can be told how many, or choose another model.',
    })
    provider.answer = 400
    await expect(loadEmbeddings(options({ model: 'small', size: 1024 }))).rejects.toMatchObject({
      code: 'embedding_invalid',
      message: 'The embedding model small does not take what it was asked about: it has answered with status 400.',
      remedy: 'Look whether it can be told how many numbers to give (embeddings_size), and how long texts may be.',
    })
  })

  test.each([
    [
      { url: 'http://user:secret@host/v1' },
      'embedding_invalid',
      'server_embeddings_url is no URL with http or https, or has a password in it.',
    ],
    [
      { size: 3072 },
      'embedding_invalid',
      'server_embeddings_size is 3072, and the database keeps 1536 numbers of a text at most.',
    ],
    [{ fields: ['a..b'] }, 'embedding_invalid', 'server_embeddings_fields names "a..b", which is no path of a text.'],
    [
      { keyEnv: 'NO_KEY' },
      'variable_missing',
      'There is no key for the embedding model: the environment variable NO_KEY is not set.',
    ],
  ])('is not taken with %j', async (settings, code, message) => {
    await expect(loadEmbeddings(options({ model: 'words', ...settings }))).rejects.toMatchObject({ code, message })
    expect(provider.asked).toEqual([])
  })
})

describe('store.index of a langgraph.json', () => {
  const words = `
    const embed = (texts: string[]) => texts.map((text) => [text.length, 1])
    export const given = embed
    export default { embedDocuments: async (texts: string[]) => embed(texts), embedQuery: async (text: string) => embed([text])[0] }
    export const nothing = 1`

  test('names a function, or an embedding model of LangChain, in a file of the project', async () => {
    for (const embed of ['./src/embed.ts:given', './src/embed.ts']) {
      const model = await loadEmbeddings(
        options({}, graphsWith({ embed, dims: 2, fields: ['text'] }, { 'src/embed.ts': words })),
      )
      expect(model?.name).toMatch(/^\.\/src\/embed\.ts:(given|default)@2$/)
      expect(model?.fields).toEqual(['text'])
      expect(await model?.embed(['abc'], 'keep')).toEqual([[3, 1]])
      expect(await model?.embed(['abcd'], 'search')).toEqual([[4, 1]])
    }
  })

  test('counts only where the settings name no model', async () => {
    const graphs = graphsWith({ embed: './gone.ts', dims: 2 })
    expect(await loadEmbeddings(options({ model: 'words' }, graphs))).toMatchObject({ name: 'words' })
    expect(await loadEmbeddings(options({}, graphsWith(undefined)))).toBeUndefined()
  })

  test.each([
    ['x', 'store.index is no object.'],
    [{ embed: './embed.ts' }, 'store.index.dims is no number.'],
    [{ embed: './embed.ts', dims: 2, fields: 'x' }, 'store.index.fields is no list of paths.'],
    [{ embed: 'words', dims: 2 }, 'store.index.embed names neither a file nor a provider and its model.'],
    [{ embed: './gone.ts', dims: 2 }, 'There is no such file, or it cannot be read.'],
    [
      { embed: './embed.ts:nothing', dims: 2 },
      'The export "nothing" is no function of texts, and no object with embedDocuments and embedQuery.',
    ],
    [
      { embed: './embed.ts:given', dims: 3 },
      'The embedding model ./embed.ts:given@3 gives 2 numbers for a text, and the index of items has 3 dimensions.',
    ],
    [
      { embed: './embed.ts:given', dims: 3072 },
      'The index of items has 3072 dimensions, and the database keeps from 1 to 1536 numbers of a text.',
    ],
    [
      { embed: './embed.ts:given', dims: 2, fields: ['a[b]'] },
      'The index of items names "a[b]", which is no path of a text.',
    ],
    [{ embed: 'nobody:words', dims: 2 }, 'Nothing is known of the provider nobody of embedding models.'],
  ])('is not taken as %j', async (index, message) => {
    const graphs = graphsWith(index, { 'embed.ts': words })
    await expect(loadEmbeddings(options({}, graphs))).rejects.toMatchObject({ code: 'embedding_invalid', message })
  })

  test('needs the key of the provider that it names', async () => {
    const graphs = graphsWith({ embed: 'openai:text-embedding-3-small', dims: 1536 })
    await expect(loadEmbeddings(options({}, graphs))).rejects.toMatchObject({
      code: 'variable_missing',
      message: 'There is no key for the embedding model: the environment variable OPENAI_API_KEY is not set.',
      remedy: 'Set OPENAI_API_KEY, or name another variable in embeddings_key_env in [server] of metastore.toml.',
    })
  })
})

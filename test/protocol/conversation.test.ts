import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { generateKey, parseKeyring } from '../../src/secrets/keyring.ts'
import { builtInExecutor } from '../../src/server/executors/built-in.ts'
import { anna, bert, ident } from '../harness/assistant-store.ts'
import { execute, newThread } from './execution.ts'
import { protocolScenarios } from './world.ts'

const keyring = parseKeyring(generateKey(), 'the test')
const apiKey = 'sk-of-anna-000'
let provider: Server
let status = 200
const asked: { readonly authorization: string | undefined; readonly body: unknown }[] = []

beforeAll(async () => {
  provider = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
      asked.push({ authorization: request.headers.authorization, body })
      response.writeHead(status, { 'content-type': 'text/event-stream' })
      const pieces = ['Hel', 'lo'].map(
        (content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`,
      )
      response.end(status === 200 ? `${pieces.join('')}data: [DONE]\n\n` : `the key ${apiKey} is wrong`)
    })
  }).listen(0, '127.0.0.1')
  await once(provider, 'listening')
})
afterAll(() => new Promise((resolve) => provider.close(resolve)))

const executor = builtInExecutor({
  keys: keyring,
  providerUrls: {
    get p() {
      return `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`
    },
  },
})

protocolScenarios('built-in graphs', [executor], (it, scenario) => {
  const store = () => it().store.tenant(anna)
  const ask = async (graphId: string, content: string, streamModes = ['values'], threadId?: string) => {
    const id = threadId ?? (await newThread(store(), graphId))
    const input = { messages: [{ role: 'user', content }] }
    return {
      threadId: id,
      told: await execute(executor, { store: store(), threadId: id, graphId, input, streamModes }),
    }
  }
  const said = async (threadId: string) => {
    const { values } = await it().client.threads.getState<{ messages: { type: string; content: string }[] }>(threadId)
    return values.messages.map(({ type, content }) => `${type}: ${content}`)
  }

  scenario(
    25,
    'the offline assistant answers from the knowledge of its tenant, and says when there is none',
    async () => {
      await it()
        .store.tenant(bert)
        .transaction((_, tx) => tx.execute(sql`update chunks set content = 'Of bert: refunds take two days.'`))
      await store().transaction((_, tx) => tx.execute(sql`update chunks set content = 'Refunds take ten days.'`))
      const { threadId } = await ask('assistant', 'How long do the refunds take?')
      const [, answer] = await said(threadId)
      expect(answer).toMatch(/^ai: This is what I have found:\n\n- Refunds take ten days\. \(.+\)$/)
      await ask('assistant', 'And the weather?', ['values'], threadId)
      expect((await said(threadId)).slice(2)).toEqual([
        'human: And the weather?',
        'ai: I have found nothing about “And the weather?” in the knowledge of this workspace. ' +
          'Try other words, or add a document that answers it.',
      ])
    },
  )

  scenario(28, 'a conversation is forked, with the history of both branches', async () => {
    const { threadId } = await ask('echo', 'one')
    const { client } = it()
    const history = await client.threads.getHistory(threadId)
    expect(history.map(({ next }) => next)).toEqual([[], ['assistant']])
    const checkpointId = history[1]?.checkpoint.checkpoint_id ?? ''
    const values = { messages: [{ role: 'user', content: 'two' }] }
    await client.threads.updateState(threadId, { values, checkpointId })
    expect(await client.threads.getState(threadId)).toMatchObject({ next: ['assistant'] })
    await execute(executor, { store: store(), threadId, graphId: 'echo' })
    expect(await said(threadId)).toEqual(['human: one', 'human: two', 'ai: two'])
    const old = await client.threads.getState(threadId, history[0]?.checkpoint.checkpoint_id ?? '')
    expect(old.values).toMatchObject({ messages: [{ content: 'one' }, { type: 'ai', content: 'one' }] })
    const node = { values, asNode: 'nope' }
    await expect(client.threads.updateState(threadId, node)).rejects.toMatchObject({ status: 422 })
    const wrong = { values: { messages: [{ role: 'nobody', content: 'x' }] } }
    await expect(client.threads.updateState(threadId, wrong)).rejects.toMatchObject({
      status: 422,
      text: expect.stringContaining('values.messages[0]'),
    })
  })

  scenario(51, 'only the modes that are asked for are streamed', async () => {
    const { told } = await ask('echo', 'hi', ['messages-tuple', 'updates'])
    expect(told).toMatchObject([
      { event: 'messages', data: [{ type: 'AIMessageChunk', content: 'hi' }, { langgraph_node: 'assistant' }] },
      { event: 'updates', data: { assistant: { messages: [{ type: 'ai', content: 'hi' }] } } },
    ])
    const partial = await ask('echo', 'hi', ['messages'])
    expect(partial.told.map(({ event }) => event)).toEqual([
      'messages/metadata',
      'messages/partial',
      'messages/complete',
    ])
  })

  scenario(38, 'a conversation that is to stop before the assistant waits, and goes on from there', async () => {
    const threadId = await newThread(store(), 'echo')
    const at = { store: store(), threadId, graphId: 'echo', interruptBefore: '*' as const }
    await execute(executor, { ...at, input: { messages: 'wait' } })
    expect(await it().client.threads.getState(threadId)).toMatchObject({ next: ['assistant'] })
    await execute(executor, at)
    expect(await said(threadId)).toEqual(['human: wait', 'ai: wait'])
  })

  scenario(49, 'the chat asks the model of its tenant with its key, and never shows the key', async () => {
    asked.length = 0
    status = 200
    await store().transaction(async (_, tx) => {
      await tx.execute(sql`
        update tenant_llm_configs
        set llm_model_id = ${ident(anna, 'model')}, encrypted_api_key = ${keyring.encrypt(apiKey)}`)
    })
    const { threadId, told } = await ask('chat', 'Hi', ['messages-tuple'])
    expect(told.map(({ data }) => (data as [{ content: string }])[0].content)).toEqual(['Hel', 'lo'])
    expect(await said(threadId)).toEqual(['human: Hi', 'ai: Hello'])
    expect(asked).toEqual([
      {
        authorization: `Bearer ${apiKey}`,
        body: { model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] },
      },
    ])
    status = 401
    const refused = await ask('chat', 'Hi').catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'unavailable',
      message: 'The language model m of p has answered with status 401.',
    })
    expect(JSON.stringify(refused)).not.toContain(apiKey)

    await store().transaction((_, tx) => tx.execute(sql`update tenant_llm_configs set encrypted_api_key = null`))
    const offline = await ask('chat', 'Is anybody there?')
    expect((await said(offline.threadId))[1]).toMatch(/^ai: I have found nothing/)
    expect(asked).toHaveLength(2)
  })
})

import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { generateKey, parseKeyring } from '../../src/secrets/keyring.ts'
import { builtInExecutor } from '../../src/server/executors/built-in.ts'
import { chatAnswer } from '../../src/server/executors/conversation/chat-answer.ts'
import { startRuns } from '../../src/server/runs/run-service.ts'
import { createApp, openToAll } from '../../src/server/server.ts'
import { anna, bert, ident } from '../harness/assistant-store.ts'
import { execute, newThread } from './execution.ts'
import { protocolScenarios } from './world.ts'

const keyring = parseKeyring(generateKey(), 'the test')
const apiKey = 'sk-of-anna-000'
let provider: Server
let status = 200
/** What the provider says of an answer whose end it never tells; undefined for whole answers. */
let begun: object | undefined
const asked: { readonly authorization: string | undefined; readonly body: unknown }[] = []

beforeAll(async () => {
  provider = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
      asked.push({ authorization: request.headers.authorization, body })
      response.writeHead(status, { 'content-type': 'text/event-stream' })
      if (begun !== undefined) return void response.write(`data: ${JSON.stringify(begun)}\n\n`)
      const told = [
        { choices: [{ delta: { content: 'Hel' } }], usage: { total_tokens: 20 } },
        { choices: [{ delta: { content: 'lo' } }], usage: null },
        { choices: [], usage: { total_tokens: 90 } },
      ]
      const pieces = told.map((data) => `data: ${JSON.stringify(data)}\n\n`)
      response.end(status === 200 ? `${pieces.join('')}data: [DONE]\n\n` : `the key ${apiKey} is wrong`)
    })
  }).listen(0, '127.0.0.1')
  await once(provider, 'listening')
})
afterAll(() => {
  provider.closeAllConnections()
  return new Promise((resolve) => provider.close(resolve))
})

const options = {
  keys: keyring,
  providerUrls: {
    get p() {
      return `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`
    },
  },
}
const executor = builtInExecutor(options)

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

  describe('the limits of a tenant for its model', () => {
    const limit = async (rpm: number | null, tpm: number | null, used = 0) => {
      asked.length = 0
      status = 200
      await store().transaction(async (_, tx) => {
        await tx.execute(sql`
          update tenant_llm_configs set rate_limit_rpm = ${rpm}, rate_limit_tpm = ${tpm},
            llm_model_id = ${ident(anna, 'model')}, encrypted_api_key = ${keyring.encrypt(apiKey)}`)
        await tx.execute(sql`update tenant_llm_usage set requests = ${used}, tokens = 0, counted_at = now()`)
      })
    }
    const input = { messages: [{ role: 'user', content: 'Hi' }] }
    const run = (threadId: string, more: object) =>
      it().client.runs.wait(threadId, 'chat', { raiseError: false, ...more })
    const seconds = expect.stringMatching(/^\d+$/) as string

    test('end a run that would wait for long, and nothing that was said is lost', async () => {
      await limit(2, null, 5)
      const { thread_id } = await it().client.threads.create()
      const message = "The limit of the tenant's language model, 2 requests a minute, is used up. Wait for # s."
      const failed = (await run(thread_id, { input })) as { __error__: { error: string; message: string } }
      expect(failed.__error__.error).toBe('RateLimited')
      expect(failed.__error__.message.replace(/\d+ s\.$/, '# s.')).toBe(message)
      expect(await it().client.threads.get(thread_id)).toMatchObject({ status: 'error' })
      expect(asked).toEqual([])
      await limit(2, null)
      await run(thread_id, {})
      expect(await said(thread_id)).toEqual(['human: Hi', 'ai: Hello'])
    })

    test('let a run wait for its turn', async () => {
      // A hundred run off in a second.
      await limit(6000, null, 6100)
      const { thread_id } = await it().client.threads.create()
      await run(thread_id, { input })
      expect(await said(thread_id)).toEqual(['human: Hi', 'ai: Hello'])
    })

    test('count what was said of an answer that is cancelled in the middle', async () => {
      const hello = { choices: [{ delta: { content: 'Hello' } }] }
      // The provider's own figure, or else a token for each four of seven characters.
      for (const [said, tokens] of [[{ ...hello, usage: { total_tokens: 20 } }, 20] as const, [hello, 2] as const]) {
        await limit(null, 60)
        begun = said
        const { thread_id } = await it().client.threads.create()
        let runId = ''
        const payload = {
          input,
          streamMode: 'messages-tuple',
          onRunCreated: (run: { run_id: string }) => (runId = run.run_id),
        }
        for await (const { event } of it().client.runs.stream(thread_id, 'chat', payload as object)) {
          if (event === 'messages') await it().client.runs.cancel(thread_id, runId, true)
        }
        begun = undefined
        const counted = () => store().transaction((_, tx) => tx.query(sql`select tokens from tenant_llm_usage`))
        await expect.poll(counted).toEqual([{ tokens }])
      }
    })

    test('are told to whoever chats, who gets the answer when the message is sent again', async () => {
      const runs = startRuns({ store: it().store, executors: [], logFailure: (error) => it().failures.push(error) })
      const app = createApp({
        store: it().store,
        executors: [],
        runs,
        answer: chatAnswer(options),
        authenticate: openToAll(anna),
        logFailure: (error) => it().failures.push(error),
      })
      const turn = { message: 'Hi', agent_name: 'guide', client_message_id: ident('client', it().url) }
      const chat = async (body: object) => {
        const response = await app.request(`/api/${anna}/chat`, { method: 'POST', body: JSON.stringify(body) })
        const { error, message, response: text } = (await response.json()) as Record<string, string>
        return [
          response.status,
          response.headers.get('retry-after'),
          error,
          text ?? message?.replace(/\d+ s\.$/, '# s.'),
        ]
      }
      await store().agents.create({ name: 'guide', graph_id: 'chat' })
      await limit(9, 60)
      expect(await chat({ message: 'First', agent_name: 'guide' })).toEqual([200, null, undefined, 'Hello'])
      expect(asked[0]?.body).toMatchObject({ stream_options: { include_usage: true } })
      const usedUp =
        "The limit of the tenant's language model, 9 requests and 60 tokens a minute, is used up. Wait for # s."
      expect(await chat(turn)).toEqual([429, seconds, 'rate_limited', usedUp])
      await limit(null, null)
      expect(await chat(turn)).toEqual([200, null, undefined, 'Hello'])
      await runs.close()
    })
  })
})

import { AIMessage, type BaseMessage } from '@langchain/core/messages'
import {
  BaseCheckpointSaver,
  BaseStore,
  Command,
  END,
  interrupt,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph'
import { beforeAll, describe, expect, test } from 'vitest'
import { langGraphExecutor } from '../../src/server/executors/langgraph.ts'
import { anna, bert, ident } from '../harness/assistant-store.ts'
import { expectEscalation, expectRouting, expectSessionsAndKnowledge, type TenantChat } from '../harness/tenant-chat.ts'
import { agentIds, people, rowsIn, tenantTests, textIn } from './tenant-world.ts'

/** Whether the graph `fails` does. */
let isBroken = false
let failing = 0

const count = (messages: readonly BaseMessage[]) =>
  `${messages.length}: ${messages.map((message) => message.text).join(', ')}`
/** Says what its state has. */
const counts = new StateGraph(MessagesAnnotation)
  .addNode('count', ({ messages }) => ({ messages: [new AIMessage(count(messages))] }))
  .addEdge(START, 'count')
  .addEdge('count', END)
  .compile()
/** Asks a question of its own. */
const asks = new StateGraph(MessagesAnnotation)
  .addNode('ask', () => ({ messages: [new AIMessage(`You said ${String(interrupt('Which one?'))}.`)] }))
  .addEdge(START, 'ask')
  .addEdge('ask', END)
  .compile()
const fails = new StateGraph(MessagesAnnotation)
  .addNode('fail', () => {
    failing += 1
    if (isBroken) throw new Error('secret words of a graph')
    return {
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'In ' },
            { type: 'text', text: 'parts.' },
          ],
        },
      ],
    }
  })
  .addEdge(START, 'fail')
  .addEdge('fail', END)
  .compile()
const mute = new StateGraph(MessagesAnnotation)
  .addNode('listen', () => ({}))
  .addEdge(START, 'listen')
  .addEdge('listen', END)
  .compile()
const library = { BaseCheckpointSaver, BaseStore, Command }
const ownGraphs = langGraphExecutor({ library, graphs: { counts, asks, fails, mute } as never })

tenantTests('the chat of a tenant', [ownGraphs], (it) => {
  const chat = (body: object, who: 'user' | 'visitor' | 'admin' = 'user') => it().send(who, 'POST /api/Anna/chat', body)

  test('answers as the agent that is named, and without a name as the supervisor', async () => {
    const named = await chat({ message: 'Hello', agent_name: 'GuidelineAgent' })
    expect(named).toMatchObject({ status: 200, body: { agent_used: 'GuidelineAgent', guardrail: null } })
    expect(named.body['response']).toBe('I have found nothing on that. Ask for a person, and somebody will help.')
    expect((await chat({ message: 'Hello' })).body['agent_used']).toBe('SupervisorAgent')
  })

  test.each([
    ['DebtAgent', 'agent_unavailable', 'The agent DebtAgent is not available for tenant Anna.'],
    ['guidelineagent', 'agent_unknown', '"guidelineagent": agent not found.'],
    ['Nobody', 'agent_unknown', '"Nobody": agent not found.'],
  ])('refuses the agent %s with 400, and writes nothing', async (agent_name, error, message) => {
    const before = await it().send('admin', 'GET /api/Anna/sessions?limit=1')
    expect(await chat({ message: 'Hello', agent_name })).toEqual({
      status: 400,
      body: { error, message, detail: message },
    })
    expect(await it().send('admin', 'GET /api/Anna/sessions?limit=1')).toEqual(before)
  })

  test('is found by the id, the name and the domain of the tenant, and is a 404 for any other', async () => {
    for (const tenant of ['Anna', 'anna.test', ident('x', 'x'), bert, 'anna', 'Nobody']) {
      const { status, body } = await it().send('user', `POST /api/${tenant}/chat`, { message: 'Hello' })
      const there = tenant === 'Anna' || tenant === 'anna.test'
      expect([tenant, status]).toEqual([tenant, there ? 200 : 404])
      if (!there) expect(body).toMatchObject({ error: 'not_found', message: `There is no tenant ${tenant}.` })
    }
  })

  test('goes on in a session, with what was said before, and keeps all of it in order', async () => {
    const first = await chat({ message: 'One\nand more' })
    let history: unknown
    it().answering = (question) => {
      history = question.history.map(({ content }) => content)
      return Promise.resolve({ content: `echo: ${question.message.content}` })
    }
    const second = await chat({ message: 'Two', session_id: first.body['session_id'] })
    it().answering = undefined
    expect(second.body).toMatchObject({ session_id: first.body['session_id'], response: 'echo: Two' })
    expect(history).toEqual(['One\nand more', first.body['response']])
    const session = await it().send('user', `GET /api/Anna/sessions/${textIn(first, 'session_id')}`)
    expect(session.body).toMatchObject({ title: 'One', user_id: people.user, assistant_id: agentIds.SupervisorAgent })
    expect(rowsIn(session, 'messages').map((message) => [message.sequence, message.role, message.content])).toEqual([
      [1, 'user', 'One\nand more'],
      [2, 'assistant', first.body['response']],
      [3, 'user', 'Two'],
      [4, 'assistant', 'echo: Two'],
    ])
  })

  test('answers a message once that a client sends five times at once', async () => {
    const session_id = textIn(await chat({ message: 'Begin' }), 'session_id')
    const turn = { message: 'Once', session_id, client_message_id: ident('client', 'message') }
    const replies = await Promise.all(Array.from({ length: 5 }, () => chat(turn)))
    expect(new Set(replies.map(({ body }) => JSON.stringify(body['message']))).size).toBe(1)
    expect(rowsIn(await it().send('user', `GET /api/Anna/sessions/${session_id}`), 'messages')).toHaveLength(4)
  })

  test('shows a user their own sessions, and supporters all', async () => {
    const session_id = textIn(await chat({ message: 'Mine' }), 'session_id')
    for (const who of ['visitor', 'bert'] as const) {
      const tenant = who === 'bert' ? bert : 'Anna'
      for (const request of [`GET /api/${tenant}/sessions/${session_id}`, `GET /api/threads/${session_id}/messages`]) {
        expect(await it().send(who, request)).toMatchObject({
          status: 404,
          body: { message: `There is no session ${session_id}.` },
        })
      }
    }
    expect(await chat({ message: 'Yours', session_id }, 'visitor')).toMatchObject({ status: 404 })
    expect(await it().send('visitor', `DELETE /api/Anna/sessions/${session_id}`)).toMatchObject({ status: 404 })
    expect(await it().send('bert', `DELETE /api/${bert}/sessions/${session_id}`)).toMatchObject({ status: 404 })
    expect(await it().send('sue', `GET /api/Anna/sessions/${session_id}`)).toMatchObject({ status: 200 })
    const visible = await it().send('visitor', 'GET /api/Anna/sessions?limit=100')
    expect(rowsIn(visible, 'sessions').filter((session) => session['user_id'] !== null)).toEqual([])
  })

  test('does not ask the agent where a rule of the tenant blocks', async () => {
    const rule = { name: 'export', message: 'No export of addresses.', match_any_keywords: ['export'] }
    await it()
      .store.tenant(anna)
      .guardrails.put({ ...rule, severity: 'block', resolution: 'Ask for a report.' })
    const { body } = await chat({ message: 'Please EXPORT all' })
    expect(body.response).toBe('No export of addresses. Ask for a report.')
    expect(body.guardrail).toMatchObject({ decision: 'block', rule: 'export' })
  })

  test('answers from what the tenant knows', async () => {
    const document = { title: 'Booking', content: 'Transport is booked under Orders.\n\nSay when.', source: 'manual' }
    expect(await it().send('user', 'POST /api/Anna/knowledge', document)).toMatchObject({
      status: 403,
      body: { error: 'forbidden', message: 'This is for the role admin, and the key or token has the role user.' },
    })
    const kept = await it().send('admin', 'POST /api/Anna/knowledge', document)
    expect(kept).toMatchObject({ status: 200, body: { reference: 'Booking', title: 'Booking', source: 'manual' } })
    const found = await it().send('user', 'GET /api/Anna/knowledge?query=orders')
    expect(
      rowsIn(found, 'passages')
        .map(({ title, content }) => `${String(title)}: ${String(content)}`)
        .toSorted(),
    ).toEqual(['Booking: Transport is booked under Orders.\n\nSay when.', 'd: Transport is booked under Orders'])
    expect((await chat({ message: 'Where do I say when?' })).body['response']).toBe(
      'Transport is booked under Orders.\n\nSay when.\n\nFrom: Booking',
    )
    expect(await it().send('user', `GET /api/Anna/knowledge/${textIn(kept, 'id')}`)).toMatchObject({
      body: { passages: ['Transport is booked under Orders.\n\nSay when.'] },
    })
    expect(await it().send('bert', `GET /api/${bert}/knowledge/${textIn(kept, 'id')}`)).toMatchObject({ status: 404 })
    expect(await it().send('bert', `DELETE /api/${bert}/knowledge/${textIn(kept, 'id')}`)).toMatchObject({
      status: 404,
    })
    expect(await it().send('admin', `DELETE /api/Anna/knowledge/${textIn(kept, 'id')}`)).toMatchObject({
      status: 204,
    })
    const listed = await it().send('user', 'GET /api/Anna/knowledge?limit=1')
    expect(listed.body).toMatchObject({ documents: [{ title: 'd' }], next: null })
  })

  test('hands a session to the supporter who has the least to do, and to nobody when none is available', async () => {
    const session = async () => textIn(await chat({ message: 'Help' }), 'session_id')
    const escalate = async (session_id: string) =>
      it().send('user', 'POST /api/Anna/escalate', { session_id, reason: 'Too hard' })
    const nobody = await escalate(await session())
    expect(nobody).toMatchObject({
      status: 503,
      body: { error: 'unavailable', message: 'No supporter is available.' },
    })
    expect((await it().send('sue', 'GET /api/Anna/escalations?status=assigned')).body['escalations']).toEqual([])

    for (const who of ['sue', 'sam'] as const) {
      const request = `PATCH /api/Anna/supporters/${people[who]}/availability`
      expect(await it().send(who, request, { availability: 'available', max_active: 3 })).toMatchObject({
        status: 200,
      })
    }
    const sessions = await Promise.all(Array.from({ length: 6 }, session))
    const made = await Promise.all(sessions.map(escalate))
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 201])
    const supporters = await it().send('sue', 'GET /api/Anna/supporters')
    const active = Object.fromEntries(rowsIn(supporters, 'supporters').map((one) => [one['user_id'], one['active']]))
    expect(active).toMatchObject({ [people.sue]: 3, [people.sam]: 3 })
    expect(await escalate(await session())).toMatchObject({ status: 503 })
    const again = await escalate(sessions[0] ?? '')
    expect(again).toEqual({ status: 200, body: made[0]?.body })

    const [first] = made
    const id = first === undefined ? '' : textIn(first, 'id')
    const step = (status: string, who: 'sue' | 'user' | 'bert' = 'sue', tenant = 'Anna') =>
      it().send(who, `PATCH /api/${tenant}/escalations/${id}/status`, { status })
    expect(await step('in_progress')).toMatchObject({ status: 200, body: { status: 'in_progress' } })
    expect(await step('resolved')).toMatchObject({ body: { status: 'resolved' } })
    expect((await step('closed')).body['closed_at']).not.toBeNull()
    expect(await step('assigned')).toMatchObject({
      status: 409,
      body: { message: 'An escalation that is closed cannot become assigned.' },
    })
    expect(await step('nonsense')).toMatchObject({ status: 422 })
    expect(await step('closed', 'user')).toMatchObject({ status: 403 })
    expect(await step('closed', 'bert', bert)).toMatchObject({ status: 404 })
    expect(await escalate(await session())).toMatchObject({ status: 201 })
  })

  test('lets a supporter say for themselves alone whether they are available', async () => {
    const set = (who: 'sue' | 'admin', id: string) =>
      it().send(who, `PATCH /api/Anna/supporters/${id}/availability`, { availability: 'away' })
    expect(await set('sue', people.sam)).toMatchObject({
      status: 403,
      body: { message: 'This is for the role admin, and the key or token has the role supporter.' },
    })
    expect(await set('sue', people.sue)).toMatchObject({ status: 200, body: { user_id: people.sue } })
    expect(await set('admin', people.sam)).toMatchObject({ status: 200, body: { availability: 'away' } })
    expect(await set('admin', people.user)).toMatchObject({
      status: 404,
      body: { message: `There is no supporter ${people.user}.` },
    })
  })

  test('hands nothing to somebody who is no supporter any more', async () => {
    const session_id = textIn(await chat({ message: 'Help' }), 'session_id')
    const escalate = () => it().send('user', 'POST /api/Anna/escalate', { session_id, reason: 'Too hard' })
    const role = (role: string) => it().send('admin', `PATCH /api/Anna/users/${people.sam}`, { role })
    for (const [who, availability] of [
      ['sue', 'away'],
      ['sam', 'available'],
    ] as const) {
      const request = `PATCH /api/Anna/supporters/${people[who]}/availability`
      await it().send('admin', request, { availability, max_active: 1000 })
    }
    expect(await role('user')).toMatchObject({ status: 200 })
    expect(await escalate()).toMatchObject({ status: 503 })
    expect(await role('supporter')).toMatchObject({ status: 200 })
    expect(await escalate()).toMatchObject({ status: 201, body: { supporter_id: people.sam } })
  })

  describe('keeps what system C promises, as the example on its own tables does', () => {
    const place = (): TenantChat => ({
      ask: (request, body) => it().send('admin', request, body),
      tenant: { id: anna, name: 'Anna', domain: 'anna.test' },
      supporters: [people.sue, people.sam],
    })
    test('of routing', () => expectRouting(place()))
    test('of sessions and knowledge', () => expectSessionsAndKnowledge(place()))
    test('of escalations', () => expectEscalation(place()))
  })

  test('says 503 when an agent takes too long, and answers when the message is sent again', async () => {
    const session_id = textIn(await chat({ message: 'Begin' }), 'session_id')
    const turn = { message: 'Think', session_id, client_message_id: ident('slow', 'message') }
    it().answering = () => Promise.reject(new DOMException('The operation timed out.', 'TimeoutError'))
    expect(await chat(turn)).toMatchObject({
      status: 503,
      body: { error: 'unavailable', message: 'The agent has not answered in time.' },
    })
    it().answering = () => Promise.resolve({ content: 'Now.' })
    expect(await chat(turn)).toMatchObject({ status: 200, body: { response: 'Now.' } })
    it().answering = undefined
    const session = await it().send('user', `GET /api/Anna/sessions/${session_id}`)
    expect(rowsIn(session, 'messages').map(({ content }) => content)).toEqual([
      'Begin',
      expect.anything(),
      'Think',
      'Now.',
    ])
  })

  describe('with an agent whose graph is the project’s own', () => {
    beforeAll(async () => {
      for (const graph_id of ownGraphs.graphIds) {
        await it().store.tenant(anna).agents.create({ name: graph_id, graph_id, prompt: 'Be brief.' })
      }
    })
    const said = async (session_id: string) =>
      rowsIn(await it().send('user', `GET /api/Anna/sessions/${session_id}`), 'messages').map(({ content }) => content)

    test('is answered by that graph, which knows what was said in the session, whoever said it', async () => {
      const begin = await chat({ message: 'One' })
      const session_id = textIn(begin, 'session_id')
      const first = await chat({ message: 'Two', session_id, agent_name: 'counts' })
      const known = `One, ${textIn(begin, 'response')}, Two`
      expect(first).toMatchObject({ status: 200, body: { agent_used: 'counts', response: `3: ${known}` } })
      const second = await chat({ message: 'Three', session_id, agent_name: 'counts' })
      expect(second.body['response']).toBe(`5: ${known}, 3: ${known}, Three`)
      const runs = await it().send('user', `GET /threads/${session_id}/runs`)
      expect(runs.body).toMatchObject([{ status: 'success' }, { status: 'success' }])
      expect(await said(session_id)).toHaveLength(6)
    })

    test('goes on with the answer to what the graph asks', async () => {
      const asked = await chat({ message: 'Book it', agent_name: 'asks' })
      expect(asked.body['response']).toBe('Which one?')
      const session_id = textIn(asked, 'session_id')
      const answered = await chat({ message: 'the red one', session_id, agent_name: 'asks' })
      expect(answered.body['response']).toBe('You said the red one.')
      expect(await said(session_id)).toEqual(['Book it', 'Which one?', 'the red one', 'You said the red one.'])
      await chat({ message: 'Book more', session_id, agent_name: 'asks' })
      const other = await chat({ message: 'Nothing', session_id, agent_name: 'counts' })
      expect(other.body['response']).toMatch(/^\d+: Book it, .*, Nothing$/)
    })

    test('says that there is no answer when the graph fails, and has one run of a message that is sent again and again', async () => {
      isBroken = true
      const session_id = textIn(await chat({ message: 'Begin' }), 'session_id')
      const turn = { message: 'Once', session_id, agent_name: 'fails', client_message_id: ident('graph', 'message') }
      const none = 'The agent fails has not come to an answer.'
      expect(await chat(turn)).toEqual({ status: 503, body: { error: 'unavailable', message: none, detail: none } })
      isBroken = false
      failing = 0
      const replies = await Promise.all(Array.from({ length: 5 }, () => chat(turn)))
      expect(replies.map(({ body }) => body['response'])).toEqual(replies.map(() => 'In parts.'))
      expect(failing).toBe(1)
      const runs = await it().send('user', `GET /threads/${session_id}/runs`)
      expect(runs.body).toMatchObject([{ status: 'success' }, { status: 'error' }])
    })

    test('is refused when the graph says nothing', async () => {
      expect(await chat({ message: 'Hello?', agent_name: 'mute' })).toMatchObject({
        status: 400,
        body: {
          error: 'agent_unavailable',
          message: 'The agent mute cannot chat: its graph mute has added no message to its state.',
        },
      })
    })
  })
})

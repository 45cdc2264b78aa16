import { expect } from 'vitest'

/** An API of tenants as system C has it, whatever tables it stands on. */
export interface TenantChat {
  /** Sends a request, such as `GET /api/eTMS/sessions`. */
  readonly ask: (
    request: string,
    body?: unknown,
  ) => Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>
  /** A tenant that may use the SupervisorAgent and the GuidelineAgent, and not the DebtAgent that there is. */
  readonly tenant: { readonly id: string; readonly name: string; readonly domain: string }
  /** Two of its supporters. */
  readonly supporters: readonly [string, string]
}

type Row = Readonly<Record<string, unknown>>

/** Asserts what system C promises of the routing of chats. */
export async function expectRouting({ ask, tenant }: TenantChat): Promise<void> {
  for (const named of Object.values(tenant)) {
    expect(await ask(`POST /api/${named}/chat`, { message: 'Hello' })).toMatchObject({
      status: 200,
      body: { agent_used: 'SupervisorAgent', session_id: expect.any(String), response: expect.any(String) },
    })
  }
  const named = (agent_name: unknown) => ask(`POST /api/${tenant.name}/chat`, { message: 'Hello', agent_name })
  expect(await named('GuidelineAgent')).toMatchObject({ status: 200, body: { agent_used: 'GuidelineAgent' } })
  expect(await named(null)).toMatchObject({ status: 200, body: { agent_used: 'SupervisorAgent' } })
  for (const unknown of ['guidelineagent', 'GuidelineAgent ', 'Nobody', '']) {
    expect(await named(unknown)).toMatchObject({
      status: 400,
      body: { error: 'agent_unknown', message: `${JSON.stringify(unknown)}: agent not found.` },
    })
  }
  expect(await named('DebtAgent')).toMatchObject({
    status: 400,
    body: {
      error: 'agent_unavailable',
      message: `The agent DebtAgent is not available for tenant ${tenant.name}.`,
    },
  })
  expect(await ask('POST /api/nobody/chat', { message: 'Hello' })).toMatchObject({
    status: 404,
    body: { error: 'not_found', message: 'There is no tenant nobody.' },
  })
}

/** Asserts what system C promises of sessions and of the knowledge base. */
export async function expectSessionsAndKnowledge({ ask, tenant }: TenantChat): Promise<void> {
  const base = `/api/${tenant.name}`
  const document = { title: 'Moorings', content: 'Zeppelins are moored at the northern mast.' }
  expect(await ask(`POST ${base}/knowledge`, document)).toMatchObject({ status: 200, body: { title: 'Moorings' } })
  const { body: found } = await ask(`GET ${base}/knowledge?query=zeppelins`)
  expect(found).toMatchObject({ passages: [document], next: null })
  const { body: listed } = await ask(`GET ${base}/knowledge?limit=100`)
  expect((listed['documents'] as Row[]).map(({ title }) => title)).toContain('Moorings')

  const first = await ask(`POST ${base}/chat`, { message: 'Where are zeppelins moored?' })
  expect(first.body['response']).toBe(`${document.content}\n\nFrom: Moorings`)
  const { session_id } = first.body
  const second = await ask(`POST ${base}/chat`, { message: 'Thank you', session_id })
  expect(second.body).toMatchObject({ session_id })
  const { body: session } = await ask(`GET ${base}/sessions/${String(session_id)}`)
  expect((session['messages'] as Row[]).map((each) => [each['sequence'], each['role'], each['content']])).toEqual([
    [1, 'user', 'Where are zeppelins moored?'],
    [2, 'assistant', first.body['response']],
    [3, 'user', 'Thank you'],
    [4, 'assistant', second.body['response']],
  ])
  const { body: newest } = await ask(`GET ${base}/sessions?limit=1`)
  expect(newest).toMatchObject({ sessions: [{ id: session_id }], next: session_id })
  const more = ['a', 'b', 'c', 'd', 'e', 'f'].map((message) => ask(`POST ${base}/chat`, { message, session_id }))
  expect((await Promise.all(more)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
  const { body: longer } = await ask(`GET ${base}/sessions/${String(session_id)}`)
  const sequences = (longer['messages'] as Row[]).map(({ sequence }) => sequence)
  expect(sequences).toEqual(Array.from({ length: 16 }, (_, index) => index + 1))
  expect(await ask(`DELETE ${base}/sessions/${String(session_id)}`)).toEqual({ status: 204, body: {} })

  const nowhere = String(session_id)
  for (const [request, body] of [
    [`GET ${base}/sessions/${nowhere}`, undefined],
    [`DELETE ${base}/sessions/${nowhere}`, undefined],
    [`POST ${base}/chat`, { message: 'Hello', session_id: nowhere }],
    [`POST ${base}/escalate`, { session_id: nowhere, reason: 'Lost' }],
  ] as const) {
    expect(await ask(request, body)).toMatchObject({
      status: 404,
      body: { error: 'not_found', message: `There is no session ${nowhere}.` },
    })
  }
}

/** Asserts what system C promises of escalations, those that come at the same time among them. */
export async function expectEscalation({ ask, tenant, supporters }: TenantChat): Promise<void> {
  const base = `/api/${tenant.name}`
  const session = async () => (await ask(`POST ${base}/chat`, { message: 'Help' })).body['session_id']
  const escalate = (session_id: unknown) => ask(`POST ${base}/escalate`, { session_id, reason: 'Too hard' })
  const step = (id: unknown, status: string) => ask(`PATCH ${base}/escalations/${String(id)}/status`, { status })
  const say = (id: unknown, availability: string) =>
    ask(`PATCH ${base}/supporters/${String(id)}/availability`, { availability })

  const { body: before } = await ask(`GET ${base}/escalations?limit=100`)
  for (const { id, status } of before['escalations'] as Row[]) if (status !== 'closed') await step(id, 'closed')
  const { body: people } = await ask(`GET ${base}/supporters`)
  for (const { user_id } of people['supporters'] as Row[]) await say(user_id, 'offline')
  expect(await escalate(await session())).toMatchObject({
    status: 503,
    body: { error: 'unavailable', message: 'No supporter is available.' },
  })
  expect((await ask(`GET ${base}/escalations?limit=100`)).body['escalations']).toHaveLength(
    (before['escalations'] as Row[]).length,
  )

  for (const id of supporters) {
    expect(await say(id, 'available')).toEqual({ status: 200, body: { user_id: id, availability: 'available' } })
  }
  const sessions = await Promise.all([session(), session(), session(), session(), session(), session()])
  const made = await Promise.all(sessions.map(escalate))
  expect(made.map(({ status, body }) => [status, body['status']])).toEqual(sessions.map(() => [201, 'assigned']))
  const shares = supporters.map((id) => made.filter(({ body }) => body['supporter_id'] === id).length)
  expect(shares).toEqual([3, 3])
  expect(await escalate(sessions[0])).toEqual({ status: 200, body: made[0]?.body })

  const id = made[0]?.body['id']
  expect(await step(id, 'pending')).toMatchObject({ body: { status: 'pending', supporter_id: null } })
  for (const status of ['assigned', 'in_progress', 'on_hold', 'in_progress', 'resolved', 'closed']) {
    const taken = await step(id, status)
    expect(taken).toMatchObject({ status: 200, body: { id, session_id: sessions[0], status, reason: 'Too hard' } })
    expect(supporters).toContain(taken.body['supporter_id'])
  }
  expect(await step(id, 'assigned')).toMatchObject({
    status: 409,
    body: { error: 'conflict', message: 'An escalation that is closed cannot become assigned.' },
  })
  expect(await step(id, 'nonsense')).toMatchObject({ status: 422, body: { error: 'request_invalid' } })
}

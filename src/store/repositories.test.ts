import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anna, bert, ident, openStoreWorld, storeEngines, type StoreWorld } from '../../test/harness/assistant-store.ts'
import { sql } from '../database/database.ts'
import { generateKey, parseKeyring } from '../secrets/keyring.ts'
import { openStore, sharedTenantId, type TenantStore } from './store.ts'

const nobody = '99999999-0000-4000-8000-000000000000'

describe.each(storeEngines)('the repositories on $name', ({ freshSchema }) => {
  let world: StoreWorld
  let store: TenantStore

  beforeAll(async () => {
    world = await openStoreWorld(await freshSchema())
    store = world.store.tenant(anna)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const asAdmin = (statement: ReturnType<typeof sql>) => world.store.admin.transaction((tx) => tx.query(statement))

  describe('messages', () => {
    test('of 32 writers at once are numbered without a gap, in the order of their pages', async () => {
      const { thread_id: thread } = await store.sessions.create({})
      const added = await Promise.all(
        Array.from({ length: 32 }, (_, index) =>
          store.messages.add(thread, { role: 'user', content: `m${index}`, tool_calls: [{ tool_call_id: 'c' }] }),
        ),
      )
      const sequences = added.map(({ message }) => message.sequence).toSorted((a, b) => a - b)
      expect(sequences).toEqual(Array.from({ length: 32 }, (_, index) => index + 1))
      const first = await store.messages.list(thread, { limit: 20, after: 0 })
      const second = await store.messages.list(thread, { limit: 20, after: 20 })
      expect([...first, ...second].map(({ sequence }) => sequence)).toEqual(sequences)
      const last = await store.messages.list(thread, { limit: 3, before: 31 })
      expect(last.map(({ sequence }) => sequence)).toEqual([28, 29, 30])
      expect(await store.messages.toolCalls(added.map(({ message }) => message.id))).toHaveLength(32)
    })

    test('that a client sends several times at once are there once, with the first content', async () => {
      const { thread_id: thread } = await store.sessions.create({})
      const client_message_id = ident(anna, 'client message')
      const added = await Promise.all(
        Array.from({ length: 8 }, () =>
          store.messages.add(thread, { role: 'user', content: 'once', client_message_id }),
        ),
      )
      expect(added.filter((one) => one.added)).toHaveLength(1)
      expect(new Set(added.map(({ message }) => message.id)).size).toBe(1)
      expect(await store.messages.withClientId(thread, client_message_id)).toMatchObject({
        sequence: 1,
        content: 'once',
      })
    })

    test('need a thread that is there, of the tenant, and not expired', async () => {
      const { thread_id: expired } = await store.sessions.create({})
      await asAdmin(sql`update threads set expires_at = now() - interval '1 s' where thread_id = ${expired}`)
      for (const thread of [nobody, ident(bert, 'thread'), expired]) {
        await expect(store.messages.add(thread, { role: 'user', content: 'x' })).rejects.toMatchObject({
          code: 'not_found',
          message: `There is no thread ${thread}.`,
        })
      }
    })

    test('have calls of tools that are answered, and threads reflections', async () => {
      const thread = ident(anna, 'thread')
      const call = { tool_call_id: 'call-1', arguments: { q: 1 } }
      const { message } = await store.messages.add(thread, { role: 'assistant', content: null, tool_calls: [call] })
      await store.messages.answerToolCall(message.id, 'call-1', { response: { found: 2 } })
      expect(await store.messages.toolCalls([message.id])).toMatchObject([
        { arguments: { q: 1 }, response: { found: 2 } },
      ])
      await expect(store.messages.answerToolCall(message.id, 'call-2', {})).rejects.toThrow(
        'There is no tool call call-2.',
      )
      expect(await store.messages.commitToKnowledgeBase([message.id])).toBe(1)
      expect(await store.messages.commitToKnowledgeBase([message.id])).toBe(0)
      await store.messages.reflect(thread, { trigger: 'end', summary: 'Well', impacted_tools: ['find'] })
      const [newest] = await store.messages.reflections(thread, 1)
      expect(newest).toMatchObject({ summary: 'Well', risk_level: 'normal', impacted_tools: ['find'] })
    })
  })

  test('sessions are listed page by page, the newest first, each owner their own', async () => {
    const user = await store.users.create({ email: 'Pages@X.test' })
    const made = []
    for (const title of ['a', 'b', 'c'])
      made.unshift((await store.sessions.create({ title, user_id: user.id })).thread_id)
    const owner = { userId: user.id }
    const first = await store.sessions.list(owner, { limit: 2 })
    const rest = await store.sessions.list(owner, { limit: 2, after: first.next })
    expect([...first.rows, ...rest.rows].map((row) => row.thread_id).toSorted()).toEqual(made.toSorted())
    expect([first.rows.length, rest.rows.length, rest.next]).toEqual([2, 1, undefined])
    await expect(store.sessions.get(made[0] ?? '', { userId: null })).rejects.toMatchObject({ code: 'not_found' })
    await expect(store.sessions.list(owner, { limit: 2, after: nobody })).rejects.toMatchObject({
      code: 'request_invalid',
      message: 'after: There is no such row to go on behind.',
    })
    await expect(store.sessions.create({ assistant_id: ident(bert, 'assistant') })).rejects.toThrow(
      'assistant_id: There is no such assistant.',
    )
  })

  test('users sign in with their password, whatever the spelling of their address', async () => {
    const user = await store.users.create({ email: 'Sign@In.test', password: 'first', role: 'supporter' })
    expect(await store.users.withPassword('sign@in.TEST', 'first')).toMatchObject({ id: user.id, role: 'supporter' })
    expect(await store.users.withPassword('sign@in.test', 'second')).toBeUndefined()
    expect(await store.users.withPassword('nobody@in.test', 'first')).toBeUndefined()
    expect(await world.store.tenant(bert).users.withPassword('sign@in.test', 'first')).toBeUndefined()
    await store.users.update(user.id, { email: 'other@in.test', password: 'second' })
    expect(await store.users.withPassword('other@in.test', 'second')).toMatchObject({ id: user.id })
    await store.users.update(user.id, { is_active: false })
    expect(await store.users.withPassword('other@in.test', 'second')).toBeUndefined()
    await expect(store.users.create({ email: 'OTHER@in.test' })).rejects.toThrow(
      'email: Another user has this address.',
    )
    await expect(store.users.create({ email: 'nonsense' })).rejects.toThrow('email: This is no address.')
    await expect(store.users.create({ email: 'x@in.test', password: 'ü'.repeat(37) })).rejects.toThrow(
      'password: The password must have at most 72 bytes in UTF-8.',
    )
    await expect(store.users.update(nobody, { name: 'x' })).rejects.toThrow(`There is no user ${nobody}.`)
    expect((await store.users.list({ limit: 100 })).rows.map(({ email }) => email)).toContain('other@in.test')
  })

  test('agents answer to their very name; shared ones where they are granted and enabled', async () => {
    const agent = await store.agents.create({ name: 'Clerk', prompt: 'Be brief.' })
    await expect(store.agents.create({ name: 'Clerk' })).rejects.toThrow('name: Another agent has this name.')
    expect(await store.agents.update(agent.assistant_id, { prompt: 'Be kind.' })).toMatchObject({ version: 2 })
    expect([await store.agents.named('clerk'), (await store.agents.named('Clerk'))?.prompt]).toEqual([
      undefined,
      'Be kind.',
    ])

    const shared = ident(sharedTenantId, 'agent')
    await asAdmin(sql`
      insert into assistants (tenant_id, assistant_id, graph_id, name) values (${sharedTenantId}, ${shared}, 'chat', 'Guide')`)
    expect(await store.agents.named('Guide')).toBeUndefined()
    expect(await world.store.admin.grants.isSharedAgent('Guide')).toBe(true)
    await expect(store.permissions.enable('agent', shared, true)).rejects.toThrow(`There is no agent ${shared}.`)
    await world.store.admin.grants.grant(anna, 'agent', shared)
    expect(await store.agents.named('Guide')).toMatchObject({ assistant_id: shared, shared: true })
    expect(await world.store.tenant(bert).agents.named('Guide')).toBeUndefined()
    await store.permissions.enable('agent', shared, false)
    expect(await store.agents.named('Guide')).toBeUndefined()
    await store.permissions.enable('agent', shared, true)
    await expect(store.agents.update(shared, { prompt: 'mine' })).rejects.toThrow(`There is no agent ${shared}.`)
    await world.store.admin.grants.revoke(anna, 'agent', shared)
    expect((await store.agents.list()).map(({ name }) => name)).not.toContain('Guide')
    await expect(world.store.admin.grants.grant(anna, 'agent', agent.assistant_id)).rejects.toThrow('There is no agent')
  })

  test('tools are made of base tools, and agents have them in an order', async () => {
    const tool = await store.tools.create({ name: 'ask', base_tool: 'http', config: { url: 'https://x.test' } })
    expect(tool).toMatchObject({ base_tool: 'http', shared: false })
    await expect(store.tools.create({ name: 'ask', base_tool: 'http' })).rejects.toThrow(
      'name: Another tool has this name.',
    )
    await expect(store.tools.create({ name: 'b', base_tool: 'no' })).rejects.toThrow(
      'base_tool: There is no base tool of this type.',
    )
    expect(await store.tools.update(tool.id, { is_active: false })).toMatchObject({ is_active: false, name: 'ask' })
    const agent = ident(anna, 'assistant')
    const find = ident(anna, 'tool')
    await store.agents.setTools(agent, [
      { tool_id: tool.id, priority: 2 },
      { tool_id: find, priority: 1 },
    ])
    expect((await store.agents.tools(agent)).map(({ name }) => name)).toEqual(['find', 'ask'])
    await expect(store.agents.setTools(agent, [{ tool_id: ident(bert, 'tool'), priority: 1 }])).rejects.toThrow(
      'tools: There is no such tool.',
    )
    await expect(store.tools.remove(tool.id)).rejects.toMatchObject({
      code: 'conflict',
      message: 'The tool is still used.',
    })
    await store.agents.setTools(agent, [])
    await store.tools.remove(tool.id)
    expect((await store.tools.list()).map(({ name }) => name)).toEqual(['find'])
  })

  test('the key of a language model is kept encrypted, and given to whoever has the keyring alone', async () => {
    const keyring = parseKeyring(generateKey(), 'test')
    const model = await store.llm.addModel({ provider: 'p', model_name: 'new', context_window: 10 })
    const encrypted_api_key = keyring.encrypt('not-a-real-key')
    const config = await store.llm.setConfig({ llm_model_id: model.id, encrypted_api_key })
    expect(config).toMatchObject({ llm_model_id: model.id, has_api_key: true })
    expect(JSON.stringify([config, await store.llm.config()])).not.toContain('gAAAA')
    await store.llm.setConfig({ llm_model_id: ident(anna, 'model'), rate_limit_rpm: 7 })
    expect(await store.llm.access(keyring)).toEqual({
      provider: 'p',
      model_name: 'm',
      context_window: 1000,
      rate_limit_rpm: 7,
      rate_limit_tpm: null,
      api_key: 'not-a-real-key',
    })
    await store.llm.setConfig({ llm_model_id: model.id, encrypted_api_key: null })
    expect(await store.llm.config()).toMatchObject({ has_api_key: false, rate_limit_rpm: 7 })
    await expect(store.llm.setConfig({ llm_model_id: ident(bert, 'model') })).rejects.toThrow(
      'llm_model_id: There is no such model.',
    )
  })

  describe('the limits of a language model', () => {
    const requests = { rate_limit_rpm: 2, rate_limit_tpm: null }
    const tokens = { rate_limit_rpm: null, rate_limit_tpm: 60 }
    const minutesPass = (minutes: number) =>
      asAdmin(sql`update tenant_llm_usage set counted_at = counted_at - make_interval(secs => ${minutes * 60})`)
    const counted = async () => {
      const [row] = await asAdmin(sql`select requests, tokens from tenant_llm_usage where tenant_id = ${anna}`)
      return row as { requests: number; tokens: number }
    }

    test('hold for two stores at once, and for each tenant by itself', async () => {
      await using other = openStore(world.database)
      const asked = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          (index % 2 === 0 ? world.store : other).tenant(anna).llm.countRequest(requests),
        ),
      )
      expect(asked.filter((seconds) => seconds === undefined)).toHaveLength(2)
      for (const seconds of asked) expect(seconds === undefined || (seconds > 0 && seconds <= 30)).toBe(true)
      expect((await counted()).requests).toBeLessThanOrEqual(2)
      expect(await other.tenant(bert).llm.countRequest(requests)).toBe(undefined)
    })

    test('are free again when a minute has passed, and no sooner than that for all of them', async () => {
      await minutesPass(1)
      expect(await store.llm.countRequest(requests)).toBe(undefined)
      expect(await store.llm.countRequest(requests)).toBe(undefined)
      expect(await store.llm.countRequest(requests)).toBeGreaterThan(0)
      await minutesPass(0.5)
      expect(await store.llm.countRequest(requests)).toBe(undefined)
      expect(await store.llm.countRequest(requests)).toBeGreaterThan(0)
    })

    test('count tokens when they are known, and what is more than the limit has to run off', async () => {
      await minutesPass(60)
      for (let asked = 0; asked < 5; asked++) expect(await store.llm.countRequest(tokens)).toBe(undefined)
      await store.llm.countTokens(59, tokens)
      expect(await store.llm.countRequest(tokens)).toBe(undefined)
      await store.llm.countTokens(120, tokens)
      expect((await counted()).tokens).toBeGreaterThan(120)
      expect(await store.llm.countRequest(tokens)).toBeGreaterThan(60)
      await minutesPass(1)
      expect(await store.llm.countRequest(tokens)).toBeGreaterThan(0)
      await minutesPass(1)
      expect(await store.llm.countRequest(tokens)).toBe(undefined)
      expect(await counted()).toMatchObject({ requests: 0 })
    })

    test('that are not there count nothing of it', async () => {
      await store.llm.countTokens(1e9, tokens)
      expect(await store.llm.countRequest(requests)).toBe(undefined)
      expect(await counted()).toEqual({ requests: 1, tokens: 0 })
    })
  })

  test('a document is found by its words, replaced by its reference, and left alone when it is the same', async () => {
    const document = {
      reference: 'returns',
      title: 'Returns',
      chunks: [{ content: 'Parcels come back' }, { content: 'Free' }],
    }
    const first = await store.knowledge.put(document)
    expect(await store.knowledge.search('parcels back', 5)).toMatchObject([{ title: 'Returns', position: 1 }])
    expect(await world.store.tenant(bert).knowledge.search('parcels', 5)).toEqual([])
    const again = await store.knowledge.put(document)
    const changed = await store.knowledge.put({ ...document, chunks: [{ content: 'Letters come back' }] })
    expect([first.changed, again.changed, changed.changed]).toEqual([true, false, true])
    expect(new Set([first, again, changed].map((put) => put.document.id)).size).toBe(1)
    expect(await store.knowledge.get(first.document.id)).toMatchObject({ chunks: ['Letters come back'] })
    expect((await store.knowledge.list({ limit: 1 })).next).toBe(first.document.id)
    await store.knowledge.remove(first.document.id)
    await expect(store.knowledge.get(first.document.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('the rules of a tenant decide by their priority', async () => {
    await store.guardrails.put({ name: 'own', severity: 'warn', message: 'Careful.', match_any_keywords: ['IBAN'] })
    expect(await store.guardrails.evaluate('my iban')).toMatchObject({
      decision: 'warn',
      rule: 'own',
      message: 'Careful.',
    })
    await store.guardrails.put({
      name: 'top',
      severity: 'block',
      message: 'No.',
      match_any_keywords: ['iban'],
      priority: 9,
    })
    expect(await store.guardrails.evaluate('my iban')).toMatchObject({ decision: 'block', rule: 'top' })
    expect((await store.guardrails.list()).map(({ name }) => name)).toEqual(['top', 'own'])
    await store.guardrails.remove('top')
    expect(await store.guardrails.evaluate('hello')).toMatchObject({ decision: 'pass', rule: null, policy_tags: [] })
    await expect(store.guardrails.remove('top')).rejects.toThrow('There is no rule top.')
  })

  test('settings have their defaults until somebody chooses, and only what they allow', async () => {
    const user = (await store.users.create({ email: 'settings@x.test' })).id
    const tone = { key: 'tone', value: 'dry', chosen: false, options: [{ value: 'dry', label: 'Dry' }] }
    expect(await store.settings.of(user)).toMatchObject([tone])
    await store.settings.set(user, 'tone', 'dry')
    expect(await store.settings.of(user)).toMatchObject([{ ...tone, chosen: true }])
    await store.settings.reset(user, 'tone')
    expect(await store.settings.of(user)).toMatchObject([tone])
    await expect(store.settings.set(user, 'tone', 'loud')).rejects.toThrow(
      'value: The value is not of the type of the setting, or none of its options.',
    )
    await expect(store.settings.set(user, 'none', true)).rejects.toThrow('There is no setting none.')
    await expect(store.settings.set(nobody, 'tone', 'dry')).rejects.toThrow(`There is no user ${nobody}.`)
  })

  test('versions of a skill are numbered also when many define it at once', async () => {
    const defined = await Promise.all(Array.from({ length: 5 }, () => store.skills.define({ name: 'book' })))
    expect(defined.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5])
    const newest = await store.skills.get('book')
    await store.skills.recordRun(newest.id, { success: true, outcome: 'booked', latency_ms: 5 })
    expect(await store.skills.runs(newest.id, 5)).toMatchObject([{ outcome: 'booked' }])
    expect((await store.skills.list({ limit: 9 })).rows.map(({ name, version }) => `${name} ${version}`)).toEqual([
      'book 5',
      's 1',
    ])
    expect((await store.skills.get('book', 2)).version).toBe(2)
    await expect(store.skills.get('none')).rejects.toThrow('There is no skill none.')
    await expect(store.skills.recordRun(nobody, { success: true, outcome: 'x' })).rejects.toThrow(
      `There is no skill ${nobody}.`,
    )
  })

  test('events are listed by kind, the newest first; widgets are set whole', async () => {
    const at = (day: number) => new Date(Date.UTC(2030, 0, day))
    await store.telemetry.record([
      { source: 'test', event_type: 'tool', status: 'ok', occurred_at: at(1), tool: 'a' },
      { source: 'test', event_type: 'tool', status: 'error', occurred_at: at(2), tool: 'b' },
      { source: 'test', event_type: 'tool', status: 'ok', occurred_at: at(3), tool: 'c' },
    ])
    const first = await store.telemetry.list({ eventType: 'tool', status: 'ok' }, { limit: 1 })
    const second = await store.telemetry.list({ eventType: 'tool', status: 'ok' }, { limit: 1, after: first.next })
    expect([first.rows[0]?.tool, second.rows[0]?.tool, second.next]).toEqual(['c', 'a', undefined])
    await store.widgets.put('w', { title: 'New', allowed_origins: ['https://x.test'] })
    expect(await store.widgets.list()).toMatchObject([{ title: 'New', allowed_origins: ['https://x.test'] }])
    await store.widgets.remove('w')
    await expect(store.widgets.remove('w')).rejects.toThrow('There is no widget w.')
  })

  test('tenants are made, found by id, name or domain, and listed without the shared one', async () => {
    const { tenants } = world.store.admin
    const made = await tenants.create({ name: 'Carl', domain: 'carl.test', region: 'North' })
    for (const key of [made.id, 'Carl', 'carl.test']) expect((await tenants.find(key))?.id).toBe(made.id)
    expect(await tenants.find('carl')).toBeUndefined()
    await expect(tenants.create({ name: 'Carl', domain: 'x' })).rejects.toThrow('name: Another tenant has this name.')
    await expect(tenants.create({ name: 'x', domain: 'carl.test' })).rejects.toThrow('Another tenant has this domain.')
    expect(await tenants.update(made.id, { status: 'suspended' })).toMatchObject({
      status: 'suspended',
      region: 'North',
    })
    await expect(tenants.update(sharedTenantId, { name: 'x' })).rejects.toMatchObject({ code: 'not_found' })
    const { rows } = await tenants.list({ limit: 100 })
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['Carl', anna, bert]))
    expect(rows.map(({ id }) => id)).not.toContain(sharedTenantId)
    expect((await world.store.tenant(made.id).tenant.get()).name).toBe('Carl')
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql, type Queryable, type Sql } from '../../src/database/database.ts'
import { anna, as, bert, ident, openWorld, places, rowsOf, shared, type World } from './world.ts'

describe.each(places)('what the shipped schema keeps on $name', ({ freshUrl }) => {
  let world: World

  beforeAll(async () => {
    world = await openWorld(await freshUrl())
    await world.session.script(rowsOf(anna))
    await world.session.script(rowsOf(bert))
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const asAnna = <T>(work: (tx: Queryable) => Promise<T>) => as(world.session, 'metastore_app', anna, work)
  const run = (statement: Sql) => asAnna((tx) => tx.query(statement))
  /** The message of the refusal, and the constraint that it names. */
  const refusal = async (statement: Sql) => {
    const error: unknown = await run(statement).then(
      () => 'accepted',
      (caught: unknown) => caught,
    )
    return error instanceof Error ? error.message : error
  }

  describe('messages', () => {
    const thread = ident(anna, 'thread')
    const insert = (values: Sql) =>
      sql`insert into messages (tenant_id, thread_id, role, client_message_id, sequence) values ${values}`

    test('are numbered without a gap, also several at once and where a client repeats one', async () => {
      const once = 'cccccccc-0000-4000-8000-000000000001'
      const added = await run(
        sql`${insert(sql`
        (${anna}, ${thread}, 'user', ${once}, null), (${anna}, ${thread}, 'assistant', null, null)`)} returning sequence::int`,
      )
      const repeated = await run(sql`${insert(sql`
        (${anna}, ${thread}, 'user', ${once}, null)`)} on conflict (tenant_id, thread_id, client_message_id)
          where client_message_id is not null do nothing returning sequence::int`)
      const next = await run(sql`${insert(sql`(${anna}, ${thread}, 'user', null, null)`)} returning sequence::int`)
      expect([added, repeated, next]).toEqual([[{ sequence: 2 }, { sequence: 3 }], [], [{ sequence: 4 }]])
    })

    test('leave the thread with the number of the next and the time of the last', async () => {
      expect(
        await run(sql`
          select t.next_sequence = max(m.sequence) + 1 as next, t.last_message_at = max(m.created_at) as last
          from threads t join messages m using (tenant_id, thread_id) where thread_id = ${thread}
          group by t.next_sequence, t.last_message_at`),
      ).toEqual([{ next: true, last: true }])
    })

    test('with a number that leaves a gap, a second client id or another place are refused', async () => {
      expect(await refusal(insert(sql`(${anna}, ${thread}, 'user', null, 9)`))).toBe(
        'The next message of the thread has sequence 5, not 9.',
      )
      expect(
        await refusal(insert(sql`(${anna}, ${thread}, 'user', ${'cccccccc-0000-4000-8000-000000000001'}, null)`)),
      ).toBe('duplicate key value violates unique constraint "messages_client_message_unique".')
      expect(await refusal(sql`update messages set sequence = 7 where sequence = 1`)).toBe(
        'A message keeps its thread and its sequence.',
      )
    })
  })

  describe('assistants', () => {
    const assistantId = ident(anna, 'assistant')
    const versions = () =>
      run(sql`select version, prompt from assistant_versions where assistant_id = ${assistantId} order by 1`)

    test('have a version for each change of what has versions, and go back to one', async () => {
      await run(sql`update assistants set prompt = 'b' where assistant_id = ${assistantId}`)
      await run(sql`update assistants set is_active = false where assistant_id = ${assistantId}`)
      await run(sql`update assistants set version = 1, prompt = null where assistant_id = ${assistantId}`)
      await run(sql`update assistants set prompt = 'c' where assistant_id = ${assistantId}`)
      expect(await versions()).toEqual([
        { version: 1, prompt: null },
        { version: 2, prompt: 'b' },
        { version: 3, prompt: 'c' },
      ])
    })

    test('never change a version, leave one out, or say something else in its name', async () => {
      const here = sql`where assistant_id = ${assistantId}`
      expect(await refusal(sql`update assistants set version = 9 ${here}`)).toBe(
        'The next version of the assistant is 4, not 9.',
      )
      expect(await refusal(sql`update assistants set version = 2, prompt = 'x' ${here}`)).toBe(
        'Version 2 of the assistant says otherwise; a change is a new version.',
      )
      for (const change of [
        sql`update assistant_versions set prompt = 'x' ${here}`,
        sql`delete from assistant_versions ${here}`,
      ]) {
        await expect(world.session.query(change)).rejects.toThrow('A version of an assistant never changes.')
      }
    })
  })

  describe('status', () => {
    const cases = [
      ['runs', 'run_id', 'run', ['running', 'pending', 'running', 'success'], 'pending'],
      ['tasks', 'id', 'task', ['running', 'dead', 'pending', 'cancelled'], 'running'],
      ['escalations', 'id', 'escalation', ['assigned', 'in_progress', 'on_hold', 'resolved', 'closed'], 'pending'],
    ] as const

    test.each(cases)('of %s goes the ways that there are, and no other', async (table, key, what, ways, forbidden) => {
      const holder =
        table === 'escalations'
          ? `supporter_id = '${ident(anna, 'user')}'`
          : "claimed_by = 'w', lease_until = now() + interval '1 minute'"
      const set = (status: string) =>
        asAnna((tx) =>
          tx.script(`update ${table} set status = '${status}', ${holder} where ${key} = '${ident(anna, what)}'`),
        )
      for (const status of ways) await set(status)
      await expect(set(forbidden)).rejects.toThrow(`${table} cannot go from status ${ways.at(-1)} to ${forbidden}.`)
    })

    test('is running for one run of a thread at a time', async () => {
      const start = sql`
        insert into runs (tenant_id, thread_id, assistant_id, status, claimed_by, lease_until)
        values (${anna}, ${ident(anna, 'thread')}, ${ident(anna, 'assistant')}, 'running', 'w', now())`
      await run(start)
      expect(await refusal(start)).toBe('duplicate key value violates unique constraint "runs_running_unique".')
    })
  })

  test('settings take values of their type, and choices their options', async () => {
    const set = (value: string) =>
      sql`update setting_values set value = ${value}::text::jsonb where tenant_id = ${anna}`
    expect(await refusal(set('true'))).toBe('The setting is a choice, and the value a boolean.')
    expect(await refusal(set('"wet"'))).toBe('The value is none of the options of the setting.')
    await run(set('"dry"'))
  })

  test('JSON has the shape that is read, and an e-mail address one spelling', async () => {
    expect(await refusal(sql`update threads set metadata = '[]'`)).toBe(
      'new row for relation "threads" violates check constraint "threads_metadata_check".',
    )
    expect(await refusal(sql`update users set email = 'A@x.test'`)).toBe(
      'new row for relation "users" violates check constraint "users_email_check".',
    )
  })

  test('items are found by a prefix of whole labels, in an order that no locale changes', async () => {
    await run(sql`
      insert into store_items (tenant_id, namespace, key, value)
      select ${anna}, string_to_array(n, '|'), 'k', '{}'
      from unnest(array['user', 'user|a', 'user|Ä', 'users|b', 'user-x', 'User']) as n`)
    expect(
      await run(sql`
        select array_to_string(namespace, '|') as n from store_items
        where tenant_id = ${anna} and namespace_path >= 'user.' and namespace_path < 'user/' order by namespace_path`),
    ).toEqual([{ n: 'user' }, { n: 'user|a' }, { n: 'user|Ä' }])
    for (const namespace of ['{}', '{a.b}', '{a,""}', '{langgraph,a}', '{a,NULL}']) {
      expect(
        await refusal(sql`
          insert into store_items (tenant_id, namespace, key, value) values (${anna}, ${namespace}::text::text[], 'k', '{}')`),
      ).toBe('new row for relation "store_items" violates check constraint "store_items_namespace_check".')
    }
  })

  test('what is looked for with the rights of the owner is of the tenant', async () => {
    expect(await run(sql`select threads_with_metadata('{"graph_id":"echo"}') as id`)).toEqual([
      { id: ident(anna, 'thread') },
    ])
    expect(await run(sql`select chunk_id from search_chunks('orders transport')`)).toEqual([
      { chunk_id: ident(anna, 'chunk') },
    ])
    expect(
      await as(world.session, 'metastore_app', undefined, (tx) => tx.query(sql`select search_chunks('orders')`)),
    ).toEqual([])
  })

  test('changes are dated', async () => {
    const [before] = await run(sql`select updated_at::text from tasks`)
    await run(sql`update tasks set payload = '{"a":1}'`)
    const [after] = await run(sql`select updated_at::text, updated_at > created_at as later from tasks`)
    expect(after).toMatchObject({ later: true })
    expect(after).not.toMatchObject({ ...before })
  })

  test('ids grow with time', async () => {
    const made = await world.session.query<{ id: string }>(sql`select new_id()::text as id from generate_series(1, 3)`)
    expect(
      made.every(({ id }) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
    ).toBe(true)
    const [age] = await world.session.query(sql`
      select abs(extract(epoch from clock_timestamp())
        - ('x' || lpad(left(replace(new_id()::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0) < 60 as now`)
    expect(age).toEqual({ now: true })
  })

  test('rules decide by priority, then by name; a tenant replaces a shared one by its name', async () => {
    await world.session.script(`
      insert into ai_guardrails.policy_rules
        (tenant_id, name, severity, message, priority, match_all_keywords, match_any_keywords, match_pending_action_slugs)
      values
        ('${shared}', 'wire', 'warn', 'shared', 50, '{}', '{wire transfer}', '{}'),
        ('${shared}', 'b_same', 'warn', 'b', 70, '{same}', '{}', '{}'),
        ('${shared}', 'a_same', 'block', 'a', 70, '{same}', '{}', '{}'),
        ('${shared}', 'never', 'block', 'n', 99, '{}', '{}', '{}'),
        ('${shared}', 'export', 'block', 'e', 80, '{customer}', '{mail,list}', '{send_mail}'),
        ('${bert}', 'wire', 'pass', 'own', 50, '{}', '{wire transfer}', '{}')`)
    const decide = async (tenant: string, content: string, actions = '{}') =>
      (
        await as(world.session, 'metastore_app', tenant, (tx) =>
          tx.query<{ said: string }>(sql`
            select concat_ws(' ', decision, rule, message) as said
            from ai_guardrails.evaluate(${content}, ${actions}::text::text[])`),
        )
      ).map(({ said }) => said)
    expect(await decide(anna, 'A Wire Transfer, please')).toEqual(['warn wire shared'])
    expect(await decide(bert, 'A Wire Transfer, please')).toEqual(['pass wire own'])
    expect(await decide(anna, 'the same wire transfer')).toEqual(['block a_same a'])
    expect(await decide(anna, 'Customer mail')).toEqual(['pass'])
    expect(await decide(anna, 'Customer mail', '{send_mail}')).toEqual(['block export e'])
    expect(await decide(anna, 'Customer', '{send_mail}')).toEqual(['pass'])
    expect(await decide(anna, 'my IBAN')).toEqual(['block own no'])
  })

  test('partitions are made ahead, take over what came before them, and are dropped by age', async () => {
    const maintain = (statement: Sql) => as(world.session, 'metastore_admin', undefined, (tx) => tx.query(statement))
    const before = await run(sql`select from run_events`)
    const made = await maintain(sql`select make_partitions('run_events', 'day', 2) as name`)
    expect(made).toHaveLength(3)
    expect(await maintain(sql`select make_partitions('run_events', 'day', 2) as name`)).toEqual([])
    expect(await maintain(sql`select make_partitions('events', 'month') as name`)).toHaveLength(2)
    expect(await run(sql`select from run_events`)).toEqual(before)
    expect(await world.session.query(sql`select from run_events_default`)).toEqual([])
    expect(await maintain(sql`select drop_partitions('run_events', '1 day') as name`)).toEqual([])
    expect(await maintain(sql`select drop_partitions('run_events', '-3 days') as name`)).toEqual(made)
    expect(await run(sql`select from run_events`)).toEqual([])
    expect(await refusal(sql`select drop_partitions('events', '0')`)).toBe(
      'permission denied for function drop_partitions.',
    )
    await expect(maintain(sql`select make_partitions('events', 'year')`)).rejects.toThrow(
      'A partition holds a day or a month, not a year.',
    )
  })
})

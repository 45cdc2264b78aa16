import { expect } from 'vitest'
import { id as name, sql, type Sql } from '../../src/database/database.ts'
import { sweepThreads, type StoreTransaction } from '../../src/store/store.ts'
import { anna, bert, ident } from '../harness/assistant-store.ts'
import { notebook } from './notebook.ts'
import { protocolScenarios } from './world.ts'

const unknown = '99999999-9999-4999-8999-999999999999'
const tables = ['threads', 'runs', 'checkpoints', 'checkpoint_blobs', 'checkpoint_writes', 'crons', 'messages'] as const

protocolScenarios('threads', [notebook()], (it, scenario) => {
  const threads = () => it().client.threads
  const asAnna = <T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> =>
    it()
      .store.tenant(anna)
      .transaction((_, tx) => work(tx))
  const execute = (statement: Sql) => asAnna((tx) => tx.execute(statement))
  const saveState = (id: string, values: object, next: string[] = [], interrupts = {}) =>
    it().store.tenant(anna).threads.saveState(id, { values, next, interrupts })
  const startRun = (id: string, status: 'pending' | 'running' = 'running') =>
    execute(sql`
      insert into runs (tenant_id, thread_id, assistant_id, status, claimed_by, lease_until)
      values (${anna}, ${id}, ${ident(anna, 'assistant')}, ${status}, 'w', now() + interval '1 hour')`)
  const expire = (id: string) =>
    execute(sql`update threads set expires_at = now() - interval '1 second' where thread_id = ${id}`)
  /** How many rows each table has of a thread. */
  const rowsOf = (id: string) =>
    asAnna(async (tx) => {
      const counts: Record<string, number> = {}
      for (const table of tables) {
        counts[table] = (await tx.query(sql`select from ${name(table)} where thread_id = ${id}`)).length
      }
      return counts
    })
  /** A history of checkpoints in the root and in one subgraph, each with a channel of its own value and a write. */
  const fill = (id: string, length: number) =>
    asAnna(async (tx) => {
      await tx.execute(sql`
        insert into checkpoints (tenant_id, thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
        select ${anna}, ${id}, ns, to_char(n, 'FM00000'), case when n > 1 then to_char(n - 1, 'FM00000') end,
          jsonb_build_object('v', 4, 'channel_versions', jsonb_build_object('items', n::text)),
          jsonb_build_object('thread_id', ${id}::text, 'step', n)
        from generate_series(1, ${length}) n, unnest(array['', 'sub:1']) ns`)
      await tx.execute(sql`
        insert into checkpoint_blobs (tenant_id, thread_id, checkpoint_ns, channel, version, type, blob)
        select ${anna}, ${id}, ns, 'items', n::text, 'json', ${Buffer.from('[1]')}
        from generate_series(1, ${length}) n, unnest(array['', 'sub:1']) ns`)
      await tx.execute(sql`
        insert into checkpoint_writes (tenant_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel)
        select ${anna}, ${id}, ns, to_char(n, 'FM00000'), 't', 0, 'items'
        from generate_series(1, ${length}) n, unnest(array['', 'sub:1']) ns`)
    })
  const status = async (call: Promise<unknown>): Promise<number> =>
    call.then(
      () => 200,
      (error: { status: number }) => error.status,
    )

  scenario(12, 'a new thread is idle, and has the graph that it was made for', async () => {
    const threadId = '12121212-1212-4212-8212-121212121212'
    const made = await threads().create({ threadId, metadata: { user: 'u1' }, graphId: 'echo' })
    expect(made).toMatchObject({
      thread_id: threadId,
      metadata: { user: 'u1', graph_id: 'echo' },
      status: 'idle',
      values: null,
      config: {},
      interrupts: {},
      state_updated_at: made.created_at,
    })
    expect(await threads().get(threadId)).toEqual(made)
    expect(await status(threads().create({ threadId }))).toBe(409)
    expect(await threads().create({ threadId, metadata: { other: 1 }, ifExists: 'do_nothing' })).toEqual(made)
    expect(await status(threads().create({ metadata: { a: 'x\0' } }))).toBe(422)
  })

  scenario(13, 'a thread begins with the states that it is given, or is not made', async () => {
    const supersteps = ['one', 'two'].map((item) => ({ updates: [{ values: { items: [item] }, asNode: 'echo' }] }))
    const made = await threads().create({ graphId: 'echo', supersteps })
    expect(made).toMatchObject({ status: 'idle', values: { items: ['one', 'two'] } })
    const again = { threadId: made.thread_id, graphId: 'echo', supersteps }
    expect(await threads().create({ ...again, ifExists: 'do_nothing' })).toEqual(made)
    expect(await status(threads().create(again))).toBe(409)
    const threadId = '13131313-1313-4313-8313-131313131313'
    const refused = async (payload: object, path: string) => {
      await expect(threads().create({ threadId, ...payload })).rejects.toMatchObject({
        status: 422,
        text: expect.stringContaining(`"path":"${path}"`) as unknown,
      })
      expect(await status(threads().get(threadId))).toBe(404)
    }
    await refused(
      { graphId: 'echo', supersteps: [...supersteps, { updates: [{ values: {}, asNode: 'nope' }] }] },
      'as_node',
    )
    await refused({ supersteps }, 'metadata.graph_id')
    await refused(
      { graphId: 'echo', supersteps: [{ updates: [{ command: { resume: 'yes' } }] }] },
      'supersteps[0].updates[0].command.resume',
    )
    expect(await status(threads().create({ threadId, graphId: 'nope', supersteps }))).toBe(404)
  })

  scenario(14, 'a change of metadata is merged; a time to live alone is a change', async () => {
    const { thread_id: id } = await threads().create({ metadata: { a: 1 } })
    expect(await threads().update(id, { metadata: { k: 1 } })).toMatchObject({ metadata: { a: 1, k: 1 } })
    expect(await threads().update(id, { metadata: { k: 2 }, returnMinimal: true })).toBeUndefined()
    expect(await threads().get(id)).toMatchObject({ metadata: { a: 1, k: 2 } })
    expect(await threads().get(id)).not.toHaveProperty('ttl')
    expect(await threads().update(id, { ttl: 10 })).toMatchObject({ metadata: { a: 1, k: 2 } })
    const { ttl } = (await threads().get(id, { include: ['ttl'] })) as unknown as { ttl: Record<string, string> }
    expect(ttl).toMatchObject({ strategy: 'delete', ttl_minutes: 10 })
    expect(Date.parse(ttl.expires_at ?? '')).toBeGreaterThan(Date.now())
    expect(await status(threads().update(id, { ttl: -1 }))).toBe(422)
  })

  scenario(15, 'searches thousands of threads by metadata and by values, and reads what is asked for', async () => {
    await execute(sql`
      insert into threads (tenant_id, metadata)
      select ${anna}, jsonb_build_object('fifteen', true, 'user', 'u' || n % 100) from generate_series(1, 3300) n`)
    const found = await threads().search({ metadata: { user: 'u1', fifteen: true }, limit: 1000 })
    expect(found).toHaveLength(33)
    expect(found.every(({ metadata }) => metadata?.user === 'u1')).toBe(true)
    expect(await threads().count({ metadata: { fifteen: true } })).toBe(3300)
    expect(await threads().search({ metadata: { fifteen: true }, offset: 3000, limit: 1000 })).toHaveLength(300)
    const [one] = found
    const id = one?.thread_id ?? ''
    await saveState(id, { text: 'x', items: [1] })
    const withValues = await threads().search({
      values: { text: 'x' },
      metadata: { fifteen: true },
      select: ['thread_id'],
    })
    expect(withValues).toEqual([{ thread_id: id }])
    expect(await threads().search({ ids: [id, ident(bert, 'thread')], select: ['status'] })).toEqual([
      { status: 'idle' },
    ])
    expect(await status(threads().search({ select: ['title' as 'status'] }))).toBe(422)
    const mine = await it().stranger.threads.search({ limit: 1000 })
    expect(mine.map(({ thread_id }) => thread_id)).toEqual([ident(bert, 'thread')])
  })

  scenario(16, 'sorts by when the state changed, in pages of at most a thousand', async () => {
    const metadata = { sixteen: true }
    const ids: string[] = []
    for (const second of [3, 1, 2]) {
      const { thread_id } = await threads().create({ metadata })
      await execute(sql`
        update threads set state_updated_at = '2026-01-01'::timestamptz + ${second} * interval '1 second'
        where thread_id = ${thread_id}`)
      ids.push(thread_id)
    }
    const sorted = await threads().search({ metadata, sortBy: 'state_updated_at', sortOrder: 'asc', limit: 1000 })
    expect(sorted.map(({ thread_id }) => thread_id)).toEqual([ids[1], ids[2], ids[0]])
    const last = await threads().search({ metadata, sortBy: 'state_updated_at', limit: 1, offset: 2 })
    expect(last.map(({ thread_id }) => thread_id)).toEqual([ids[1]])
    const page = await fetch(`${it().server.url}/threads/search`, {
      method: 'POST',
      headers: { 'x-api-key': 'anna', 'content-type': 'application/json' },
      body: JSON.stringify({ metadata, limit: 2 }),
    })
    expect(['total', 'next'].map((name) => page.headers.get(`x-pagination-${name}`))).toEqual(['3', '2'])
    expect(await status(threads().search({ limit: 1001 }))).toBe(422)
  })

  scenario(17, 'takes parts out of threads by their paths', async () => {
    const { thread_id: id } = await threads().create({ metadata: { 'a b': { c: 7 } } })
    await saveState(id, { items: [1, { deep: ['x'] }] })
    const extract = {
      last: 'values.items[-1]',
      first: 'values.items[0]',
      deep: 'values.items[1].deep[0]',
      none: 'values.nothing[3]',
      user: 'metadata.a b.c',
      "it's": 'values',
    }
    expect(await threads().search({ ids: [id], select: ['thread_id'], extract })).toEqual([
      {
        thread_id: id,
        extracted: {
          last: { deep: ['x'] },
          first: 1,
          deep: 'x',
          none: null,
          user: 7,
          "it's": { items: [1, { deep: ['x'] }] },
        },
      },
    ])
    const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`p${n}`, 'values.a']))
    expect(await status(threads().search({ extract: eleven }))).toBe(422)
    for (const path of ['title', 'values..a', 'values[x]', '', 'tenant_id.x', 'values.']) {
      expect(await status(threads().search({ extract: { path } }))).toBe(422)
    }
  })

  scenario(18, 'a count is as long as the search, and the status follows from runs and state', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => (await threads().create()).thread_id))
    const [asks = '', waits = '', works = ''] = ids
    await saveState(asks, { a: 1 }, [], { t1: [{ id: 'i1', value: { question: 'go\0?' } }] })
    await saveState(waits, {}, ['node'])
    await startRun(works)
    await saveState(works, {}, ['node'])
    expect((await threads().get(works)).status).toBe('busy')
    expect(await threads().get(asks)).toMatchObject({
      status: 'interrupted',
      interrupts: { t1: [{ id: 'i1', value: { question: 'go\uFFFD?' } }] },
    })
    const interrupted = await threads().search({ status: 'interrupted', limit: 1000 })
    expect(interrupted.map(({ thread_id }) => thread_id)).toEqual(expect.arrayContaining([asks, waits]))
    expect(await threads().count({ status: 'interrupted' })).toBe(interrupted.length)
    // The last run that has ended has failed; then another one has not.
    await execute(sql`update runs set status = 'error', error = '{"message":"kaput"}' where thread_id = ${works}`)
    await saveState(works, { text: 'x\0' })
    expect(await threads().get(works)).toMatchObject({ status: 'error', error: { message: 'kaput' }, values: null })
    await startRun(works)
    await execute(sql`update runs set status = 'success' where thread_id = ${works} and status = 'running'`)
    await saveState(works, { text: 'y' })
    const well = await threads().get(works)
    expect(well).toMatchObject({ status: 'idle', values: { text: 'y' } })
    expect(well).not.toHaveProperty('error')
  })

  scenario(19, 'what is not there is a 404, what is no id a 422, and somebody else’s is not there', async () => {
    const calls = (id: string) => [
      threads().get(id),
      threads().update(id, { metadata: { mine: true } }),
      threads().delete(id),
      threads().copy(id),
    ]
    for (const id of [unknown, ident(bert, 'thread')]) {
      expect(await Promise.all(calls(id).map(status))).toEqual([404, 404, 404, 404])
    }
    expect(await Promise.all(calls('garbage').map(status))).toEqual([422, 422, 422, 422])
    expect(await threads().prune([ident(bert, 'thread'), unknown])).toEqual({ pruned_count: 0 })
    expect((await it().stranger.threads.get(ident(bert, 'thread'))).metadata).toEqual({ graph_id: 'echo' })
  })

  scenario(20, 'a copy has the state and the history, and a life of its own', async () => {
    const { thread_id: id } = await threads().create({ metadata: { user: 'u1' }, graphId: 'echo' })
    await fill(id, 3)
    await execute(sql`
      insert into runs (tenant_id, run_id, thread_id, assistant_id)
      values (${anna}, ${unknown}, ${id}, ${ident(anna, 'assistant')})`)
    await execute(sql`update checkpoints set run_id = ${unknown} where thread_id = ${id}`)
    await saveState(id, { items: [1] }, ['echo'])
    await execute(sql`update threads set status = 'busy' where thread_id = ${id}`)
    const copy = await threads().copy(id)
    expect(copy).toMatchObject({
      metadata: { user: 'u1', graph_id: 'echo' },
      values: { items: [1] },
      status: 'interrupted',
    })
    expect(copy.thread_id).not.toBe(id)
    expect(await rowsOf(copy.thread_id)).toEqual({ ...(await rowsOf(id)), runs: 0 })
    const copied = await asAnna((tx) =>
      tx.query(sql`
        select checkpoint_id, parent_checkpoint_id, run_id, metadata from checkpoints
        where thread_id = ${copy.thread_id} and checkpoint_ns = ''
        order by checkpoint_id`),
    )
    expect(copied).toEqual([
      {
        checkpoint_id: '00001',
        parent_checkpoint_id: null,
        run_id: null,
        metadata: { thread_id: copy.thread_id, step: 1 },
      },
      {
        checkpoint_id: '00002',
        parent_checkpoint_id: '00001',
        run_id: null,
        metadata: { thread_id: copy.thread_id, step: 2 },
      },
      {
        checkpoint_id: '00003',
        parent_checkpoint_id: '00002',
        run_id: null,
        metadata: { thread_id: copy.thread_id, step: 3 },
      },
    ])
    await saveState(copy.thread_id, { items: [2] })
    expect((await threads().get(id)).values).toEqual({ items: [1] })
    await threads().delete(id)
    expect(await rowsOf(copy.thread_id)).toMatchObject({ checkpoints: 6, checkpoint_blobs: 6, checkpoint_writes: 6 })
  })

  scenario(21, 'a history of two thousand checkpoints is copied by the database', async () => {
    const { thread_id: id } = await threads().create()
    await fill(id, 1000)
    const { thread_id: copy } = await threads().copy(id)
    expect(await rowsOf(copy)).toMatchObject({ checkpoints: 2000, checkpoint_blobs: 2000, checkpoint_writes: 2000 })
  })

  scenario(22, 'a thread goes with all that it has, and its runs are told', async () => {
    const { thread_id: id } = await threads().create()
    await fill(id, 2)
    await startRun(id)
    await execute(sql`
      insert into crons (tenant_id, thread_id, assistant_id, schedule)
      values (${anna}, ${id}, ${ident(anna, 'assistant')}, '* * * * *')`)
    const [run] = await asAnna((tx) =>
      tx.query<{ run_id: string }>(sql`select run_id from runs where thread_id = ${id}`),
    )
    const cancelled = new Promise<string>((resolve) => {
      const off = it().store.wakeUps.on('cancel', (about) => {
        off()
        resolve(about)
      })
    })
    await threads().delete(id)
    expect(await cancelled).toBe(run?.run_id)
    expect(await status(threads().get(id))).toBe(404)
    expect(Object.values(await rowsOf(id))).toEqual(tables.map(() => 0))
  })

  scenario(23, 'a thread whose time is over is there no more, and the sweep takes it', async () => {
    const create = async (payload: object) =>
      (await threads().create({ metadata: { twentythree: true }, ...payload })).thread_id
    const [over, kept, busy] = [
      await create({ ttl: 0.02 }),
      await create({ ttl: { ttl: 5, strategy: 'keep_latest' } }),
      await create({ ttl: 5 }),
    ]
    await fill(over, 2)
    await fill(kept, 3)
    await startRun(busy)
    await saveState(busy, {})
    for (const id of [over, kept, busy]) await expire(id)
    expect(await Promise.all([over, kept, busy].map((id) => status(threads().get(id))))).toEqual([404, 200, 200])
    const found = await threads().search({ metadata: { twentythree: true }, select: ['thread_id'] })
    expect(found.map(({ thread_id }) => thread_id).toSorted()).toEqual([kept, busy].toSorted())
    expect(await status(threads().update(over, { metadata: {} }))).toBe(404)
    expect(await status(threads().copy(over))).toBe(404)
    expect(await sweepThreads(it().store.admin.transaction)).toBe(2)
    expect(Object.values(await rowsOf(over))).toEqual(tables.map(() => 0))
    expect(await rowsOf(kept)).toMatchObject({ threads: 1, checkpoints: 2 })
    expect(await sweepThreads(it().store.admin.transaction)).toBe(0)
    expect(await rowsOf(busy)).toMatchObject({ threads: 1, runs: 1 })
  })

  scenario(23, 'whatever is written to a thread in time prolongs its life', async () => {
    const threadId = '23232323-2323-4323-8323-232323232323'
    await threads().create({ threadId, ttl: 5 })
    const left = async () => {
      const { ttl } = (await threads().get(threadId, { include: ['ttl'] })) as unknown as {
        ttl: { expires_at: string }
      }
      return Date.parse(ttl.expires_at) - Date.now()
    }
    const nearly = () =>
      execute(sql`update threads set expires_at = now() + interval '1 minute' where thread_id = ${threadId}`)
    for (const write of [
      () => threads().update(threadId, { metadata: { a: 1 } }),
      () => saveState(threadId, { a: 1 }),
    ]) {
      await nearly()
      await write()
      expect(await left()).toBeGreaterThan(2 * 60_000)
    }
    await expire(threadId)
    expect(await threads().create({ threadId, metadata: { again: true } })).toMatchObject({ metadata: { again: true } })
    expect(await threads().get(threadId, { include: ['ttl'] })).not.toHaveProperty('ttl')
  })

  scenario(24, 'pruning leaves the newest state, or nothing, and busy threads alone', async () => {
    const [a = '', b = '', busy = ''] = await Promise.all(
      [1, 2, 3].map(async () => (await threads().create({ metadata: { n: 24 } })).thread_id),
    )
    for (const id of [a, b, busy]) await fill(id, 3)
    await startRun(busy, 'pending')
    expect(await threads().prune([a, b, busy, unknown], { strategy: 'keep_latest' })).toEqual({ pruned_count: 2 })
    expect(await rowsOf(a)).toMatchObject({ threads: 1, checkpoints: 2, checkpoint_blobs: 2, checkpoint_writes: 2 })
    const left = await asAnna((tx) =>
      tx.query(sql`select distinct checkpoint_id from checkpoints where thread_id in (${a}, ${b})`),
    )
    expect(left).toEqual([{ checkpoint_id: '00003' }])
    expect(await rowsOf(busy)).toMatchObject({ checkpoints: 6 })
    expect(await threads().prune([a, busy])).toEqual({ pruned_count: 1 })
    expect(Object.values(await rowsOf(a))).toEqual(tables.map(() => 0))
    expect(await threads().prune([])).toEqual({ pruned_count: 0 })
  })

  scenario(24, 'what a delta channel is put together from stays, back to its nearest value', async () => {
    const { thread_id: id } = await threads().create()
    await fill(id, 6)
    // The channel `log` has a value at 2 and 4, and from there on writes alone.
    await execute(sql`
      update checkpoints set
        checkpoint = jsonb_set(checkpoint, '{channel_versions,log}', to_jsonb(checkpoint_id)),
        metadata = metadata || '{"counters_since_delta_snapshot":{"log":[1,1]}}'
      where thread_id = ${id} and checkpoint_ns = ''`)
    await execute(sql`
      insert into checkpoint_blobs (tenant_id, thread_id, checkpoint_ns, channel, version, type, blob)
      select ${anna}, ${id}, '', 'log', version, case when version in ('00002', '00004') then 'json' else 'empty' end,
        case when version in ('00002', '00004') then ${Buffer.from('[]')}::bytea end
      from unnest(array['00001', '00002', '00003', '00004', '00005', '00006']) version`)
    await threads().prune([id], { strategy: 'keep_latest' })
    const left = (table: Sql) =>
      asAnna((tx) => tx.query(sql`select ${table} where thread_id = ${id} and checkpoint_ns = '' order by 1`))
    const three = ['00004', '00005', '00006'].map((checkpoint_id) => ({ checkpoint_id }))
    expect(await left(sql`checkpoint_id from checkpoints`)).toEqual(three)
    expect(await left(sql`checkpoint_id from checkpoint_writes`)).toEqual(three)
    expect(await left(sql`channel || version as blob from checkpoint_blobs`)).toEqual(
      ['items4', 'items5', 'items6', 'log00004', 'log00005', 'log00006'].map((blob) => ({ blob })),
    )
  })
})

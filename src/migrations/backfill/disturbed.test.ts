import { describe, expect, test } from 'vitest'
import { backfillBench, countWrites, doubled, doublePlan, type BackfillBench } from '../../../test/harness/backfill.ts'
import { engines, freshPostgresUrl, postgresVersions } from '../../../test/harness/engines.ts'
import { raw, sql, type Session } from '../../database/database.ts'
import type { DerivePlan } from './plan.ts'

// Keeps rows in step that writers touch, as the sync triggers do.
const inStep = `
  create function in_step() returns trigger language plpgsql as $$
  begin new.double := new.n * 2; new.__pending := false; return new; end $$;
  create trigger in_step before insert or update on runs for each row execute function in_step()`

async function runs(url: string, rows: number): Promise<BackfillBench> {
  const bench = await backfillBench(url)
  await bench.session.script(`
    create table runs (id int primary key, ${doubled});
    insert into runs (id, n) select i, i from generate_series(1, ${rows}) i`)
  return bench
}

async function count({ session }: BackfillBench, from: string): Promise<number> {
  const [row] = await session.query<{ count: number }>(sql`select count(*) as count from ${raw(from)}`)
  return row?.count ?? -1
}

const outOfStep = 'runs where double is distinct from n * 2 or __pending is distinct from false'

/** Interrupts a backfill when it has done so many rows, and returns how many the journal then has. */
async function breakOff(bench: BackfillBench, rows: number, plan = doublePlan('runs')): Promise<number> {
  const interruption = new AbortController()
  const broken = bench.run(plan, {
    signal: interruption.signal,
    onProgress: (event) => {
      if (event.kind === 'advance' && event.done >= rows) interruption.abort()
    },
  })
  await expect(broken).rejects.toMatchObject({ code: 'canceled' })
  return (await bench.journal())?.rows ?? 0
}

describe('a backfill that is held', () => {
  test('pauses between two batches, says why once, and goes on', async () => {
    await using bench = await runs(await freshPostgresUrl(18), 3000)
    const asked: number[] = []
    const notices: string[] = []
    const hold = async () => {
      const done = (await bench.journal())?.rows ?? 0
      asked.push(done)
      return done > 0 && asked.filter((rows) => rows === done).length < 3 ? `${done} rows are enough.` : null
    }
    await bench.run(doublePlan('runs'), {
      options: { batchSize: 2000, holds: [hold] },
      onProgress: (event) => {
        if (event.kind === 'notice') notices.push(event.message)
      },
    })
    const [first = 0] = asked.filter((rows) => rows > 0)
    expect(asked.slice(0, 4)).toEqual([0, first, first, first])
    expect(notices.slice(0, 2)).toEqual([`The backfill pauses: ${first} rows are enough.`, 'The backfill goes on.'])
    expect(await count(bench, outOfStep)).toBe(0)
  })

  test('can be interrupted, and says how far it came', async () => {
    await using bench = await runs(await freshPostgresUrl(18), 100)
    const interruption = new AbortController()
    const broken = bench.run(doublePlan('runs'), {
      signal: interruption.signal,
      options: { holds: [() => Promise.resolve('not now.')] },
      onProgress: (event) => {
        if (event.kind === 'notice') interruption.abort()
      },
    })
    await expect(broken).rejects.toMatchObject({
      code: 'canceled',
      message: 'Interrupted while the rows of public.runs were brought up to date; 0 are done.',
    })
  })
})

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('an interrupted backfill on $name', ({ freshUrl }) => {
  test('scenario 74: says how far it came, and the next run goes on there', async () => {
    await using bench = await runs(await freshUrl(), 10_000)
    await bench.session.script(countWrites('runs'))
    const interruption = new AbortController()
    const broken = bench.run(doublePlan('runs'), {
      signal: interruption.signal,
      onProgress: (event) => {
        if (event.kind === 'advance' && event.done > 6000) interruption.abort()
      },
    })
    const error = await broken.catch((thrown: unknown) => thrown)
    const done = (await bench.journal())?.rows ?? 0
    expect(done).toBeGreaterThan(6000)
    expect(error).toMatchObject({
      code: 'canceled',
      message: `Interrupted while the rows of public.runs were brought up to date; ${done} are done.`,
      where: 'public.runs',
      remedy: 'Run the same command again to go on from there.',
    })
    await bench.session.script('truncate writes')
    expect(await bench.run(doublePlan('runs'))).toMatchObject({ rows: 10_000 })
    expect(await count(bench, 'writes')).toBe(10_000 - done)
    expect(await count(bench, outOfStep)).toBe(0)
  })

  test('is finished by the next run although the rows have been moved and others have come', async () => {
    await using bench = await runs(await freshUrl(), 5000)
    await breakOff(bench, 2000)
    await bench.session.script('delete from runs where id <= 1500; insert into runs (id, n) values (6000, 6000)')
    await bench.session.script('vacuum full runs')
    await bench.run(doublePlan('runs'))
    expect(await count(bench, 'runs')).toBe(3501)
    expect(await count(bench, outOfStep)).toBe(0)
  })

  test('reads its query again where the server has lost what it gave, and only there', async () => {
    const plan = doublePlan('runs', {
      queries: [{ column: 'double', type: 'bigint', query: sql`select id, (n * 2) + nextval('asked') * 0 from runs` }],
    })
    for (const lost of [false, true]) {
      await using bench = await runs(await freshUrl(), 3000)
      await bench.session.script('create sequence asked')
      await breakOff(bench, 1000, plan)
      // A crash of the server leaves an unlogged table empty.
      if (lost) {
        const [side] = await bench.session.query<{ name: string }>(
          sql`select relname::text as name from pg_class where relnamespace = 'metastore_sync'::regnamespace and relkind = 'r'`,
        )
        await bench.session.script(`truncate metastore_sync."${side?.name}"`)
      }
      await bench.run(plan)
      expect(await count(bench, outOfStep)).toBe(0)
      expect(await bench.session.query(sql`select last_value as asked from asked`)).toEqual([
        { asked: lost ? 6000 : 3000 },
      ])
    }
  })
})

test('an interrupted backfill stops a statement that goes on for long', async () => {
  await using bench = await runs(await freshPostgresUrl(18), 10)
  const interruption = new AbortController()
  const slow = doublePlan('runs', {
    assignments: [{ column: 'double', value: sql`(n * 2 + length(pg_sleep(600)::text))`, type: 'bigint' }],
  })
  const broken = bench.run(slow, { signal: interruption.signal })
  const sleeping = "pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
  await expect.poll(() => count(bench, sleeping)).toBe(1)
  interruption.abort()
  await expect(broken).rejects.toMatchObject({
    code: 'canceled',
    message: 'Interrupted while the rows of public.runs were brought up to date; 0 are done.',
  })
  expect(await bench.run(doublePlan('runs'))).toMatchObject({ rows: 10 })
})

describe.each(postgresVersions)('a backfill beside writers on PostgreSQL $version', ({ freshUrl }) => {
  async function writing(bench: BackfillBench, write: (session: Session, round: number) => Promise<unknown>) {
    const session = await bench.database.session()
    let stopped = false
    const ended = (async () => {
      let rounds = 0
      while (!stopped) await write(session, ++rounds)
      await session.close()
      return rounds
    })()
    return () => {
      stopped = true
      return ended
    }
  }

  test('scenario 73: loses nothing of inserts, deletes and changes of keys at full rate, and ends all the same', async () => {
    await using bench = await runs(await freshUrl(), 20_000)
    await bench.session.script(inStep)
    const someRow = () => 1 + Math.floor(Math.random() * 20_000)
    const stops = await Promise.all([
      writing(bench, (session, round) =>
        session.query(sql`insert into runs (id, n) values (${round + 1_000_000}, ${round})`),
      ),
      writing(bench, (session) => session.query(sql`update runs set n = n + 1 where id = ${someRow()}`)),
      writing(bench, (session, round) =>
        session.query(sql`update runs set id = -${round}::int where id = ${someRow()}`),
      ),
      writing(bench, (session) => session.query(sql`delete from runs where id = ${someRow()}`)),
    ])
    const { batches, rows } = await bench.run(doublePlan('runs'), { options: { batchSize: 100 } })
    const rounds = await Promise.all(stops.map((stop) => stop()))
    expect(Math.min(...rounds)).toBeGreaterThan(0)
    expect(rows).toBeLessThanOrEqual(20_000)
    // One or two rows that were locked may be left for the end.
    expect(batches).toBeLessThanOrEqual(20_000 / 100 + 30)
    expect(await count(bench, outOfStep)).toBe(0)
  })

  test('leaves out rows that others have locked, and comes back for them', async () => {
    await using bench = await runs(await freshUrl(), 3000)
    await bench.session.script(inStep)
    await using holder = await bench.database.session()
    let running: Promise<{ rows: number }> | undefined
    await holder.transaction(async (tx) => {
      await tx.query(sql`update runs set n = 7 where id in (5, 1500)`)
      running = bench.run(doublePlan('runs'))
      await expect.poll(() => bench.journal()).toMatchObject({ rows: 2998, at: null })
      await expect
        .poll(() => count(bench, "pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"))
        .toBe(1)
    })
    expect(await running).toMatchObject({ rows: 2998 })
    expect(await count(bench, outOfStep)).toBe(0)
  })

  test('gives up at the deadline where a row stays locked, with the others done', async () => {
    await using bench = await runs(await freshUrl(), 3000)
    await using holder = await bench.database.session()
    await holder.transaction(async (tx) => {
      await tx.query(sql`select from runs where id = 5 for update`)
      await expect(bench.run(doublePlan('runs'), { deadline: 0 })).rejects.toMatchObject({ reason: 'lock_timeout' })
    })
    expect(await bench.journal()).toMatchObject({ rows: 2999, at: null })
    expect(await bench.run(doublePlan('runs'))).toMatchObject({ rows: 3000 })
    expect(await count(bench, outOfStep)).toBe(0)
  })

  const costs: DerivePlan = {
    kind: 'derive',
    schema: 'public',
    table: 'runs',
    alias: 'runs',
    into: 'costs',
    values: [{ column: 'run_id', value: sql`(id)` }],
    conflict: ['run_id'],
    lockSource: true,
    migration: '005_costs',
  }

  test('makes no row of a source row that is deleted meanwhile, and waits for one that may be', async () => {
    await using bench = await runs(await freshUrl(), 3000)
    await bench.session.script('create table costs (run_id int primary key)')
    await using holder = await bench.database.session()
    let running: Promise<{ rows: number }> | undefined
    await holder.transaction(async (tx) => {
      await tx.query(sql`delete from runs where id = 1500`)
      running = bench.run(costs)
      await expect
        .poll(() => bench.journal())
        .toMatchObject({ rows: 2999, at: null, revisit: [{ from: expect.any(Number) }] })
    })
    expect(await running).toMatchObject({ rows: 2999 })
    expect(await count(bench, 'costs')).toBe(2999)
    expect(await bench.journal()).toMatchObject({ revisit: [] })
  })
})

test('a backfill walks again where rows come that nobody keeps in step', async () => {
  await using bench = await runs(await freshPostgresUrl(18), 1000)
  const more = sql`insert into runs (id, n) select i, i from generate_series(2001, 2500) i`
  let inserted: Promise<unknown> | undefined
  const { rows } = await bench.run(doublePlan('runs'), {
    options: { batchSize: 10, batchDelay: 1 },
    onProgress: (event) => {
      if (event.kind === 'advance' && event.done > 0) inserted ??= bench.session.query(more)
    },
  })
  await inserted
  expect(rows).toBe(1500)
  expect(await count(bench, outOfStep)).toBe(0)
})

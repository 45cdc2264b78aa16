import { describe, expect, test } from 'vitest'
import { batchWorld, refusalOf, type HandmadeSteps } from '../../../test/harness/batch-world.ts'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { locking, step } from '../../../test/harness/handmade-batch.ts'
import { sql, type Session } from '../../database/database.ts'
import type { TableLock } from '../batch/phase-step.ts'

const swap = locking('access exclusive', ['busy'], sql`alter table busy add column wide int`)
const unswap = locking('access exclusive', ['busy'], sql`alter table busy drop column if exists wide`)
const inStart: HandmadeSteps = () => ({ start: [step('widen', swap, unswap)] })

async function busyWorld(steps: HandmadeSteps) {
  const world = await batchWorld(await freshPostgresUrl(18), steps)
  world.files.write('0_busy.sql', 'create table busy (id int);\n-- metastore:down\ndrop table busy;\n')
  await world.migrate({ to: { kind: 'name', name: '0_busy' } })
  return world
}

// Holds what a reader holds for as long as the work goes on.
async function whileRead<T>(session: Session, work: () => Promise<T>): Promise<T> {
  return session.transaction(async (tx) => {
    await tx.query(sql`select id from busy where id > 4711`)
    return work()
  })
}

describe('a table that is in use', () => {
  test('scenario 71: beyond the deadline takes the start back, and who is in the way is named', async () => {
    const world = await busyWorld(inStart)
    await using reader = await world.database.session()
    const [me] = await reader.query<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    await whileRead(reader, async () => {
      const refusal = await refusalOf(world.start({}, { lockDeadline: 300 }))
      expect(refusal).toMatchObject({
        code: 'table_busy',
        message: 'The lock on table busy could not be had within 300 ms, because other sessions were in the way.',
        remedy:
          'Wait for the transactions that use it to end, or end them (select pg_terminate_backend(PID)), and run again; --lock-deadline gives more time.',
        details: [
          'This was the step: widen.',
          expect.stringMatching(
            new RegExp(
              `^Server process ${me?.pid} \\(metastore, \\w+\\), whose transaction is open for \\d+ s, uses busy; it last ran: select id from busy where id > …$`,
            ),
          ),
          'Everything that the start of 1_a had done was taken back.',
        ],
      })
    })
    expect(await world.status()).toMatchObject({ state: 'idle', pending: ['1_a'] })
  })

  test('scenario 71: is waited for, and writers meanwhile are not', async () => {
    const world = await busyWorld(inStart)
    await using reader = await world.database.session()
    await using writer = await world.database.session()
    const { starting } = await whileRead(reader, async () => {
      const running = world.start()
      const waits = () =>
        world.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%lock table%'`,
        )
      // Each round a writer gets through although it stands behind the lock that is waited for.
      for (let round = 0; round < 3; round++) {
        while ((await waits()).length === 0) await writer.query(sql`select pg_sleep(0.002)`)
        await writer.query(sql`insert into busy (id) values (1)`)
      }
      return { starting: running }
    })
    expect(await starting).toMatchObject({ state: 'in_progress' })
    expect(await world.query('select count(*)::int as rows from busy')).toEqual([{ rows: 3 }])
  })

  test('scenario 72: while preparing to complete leaves the batch in progress', async () => {
    const world = await busyWorld(() => ({ prepare: [step('widen', swap, unswap)] }))
    await world.start()
    await using reader = await world.database.session()
    await whileRead(reader, async () => {
      expect(await refusalOf(world.complete({}, { lockDeadline: 100 }))).toMatchObject({ code: 'table_busy' })
    })
    expect(await world.status()).toMatchObject({ state: 'in_progress' })
    expect(await world.abort()).toMatchObject({ outcome: 'aborted' })
  })

  test('scenario 72: in a swap leaves the completion to be gone on with', async () => {
    const world = await busyWorld(() => ({ complete: [step('widen', swap)] }))
    await world.start()
    await using reader = await world.database.session()
    await whileRead(reader, async () => {
      expect(await refusalOf(world.complete({}, { lockDeadline: 100 }))).toMatchObject({ code: 'table_busy' })
    })
    expect(await world.status()).toMatchObject({ state: 'completing' })
    expect(await world.complete()).toMatchObject({ outcome: 'completed' })
    expect(await world.query('select wide from busy')).toEqual([])
  })
})

describe('a view that is changed with its table', () => {
  test('is waited for while nothing else is locked, because its readers have it before the table', async () => {
    const view = { schema: 'public', name: 'shown' }
    const lock: TableLock = { schema: 'public', name: 'busy', mode: 'access exclusive', view }
    const change = sql`alter view shown alter column id drop default`
    const world = await busyWorld(() => ({
      complete: [step('change', { kind: 'transaction', locks: [lock], statements: [change] })],
    }))
    await world.query('create view shown as select id from busy')
    await world.start()
    await using holder = await world.database.session()
    const { completing } = await holder.transaction(async (tx) => {
      await tx.query(sql`comment on view shown is 'Held.'`)
      const running = world.complete()
      const waiting = `
        select exists (
          select from pg_locks t
          where t.pid = w.pid and t.relation = 'busy'::regclass and t.mode = 'AccessExclusiveLock'
        ) as table_held
        from pg_locks w where w.relation = 'shown'::regclass and not w.granted`
      let seen = await world.query(waiting)
      while (seen.length === 0) seen = await world.query(waiting)
      expect(seen).toEqual([{ table_held: false }])
      return { completing: running }
    })
    expect(await completing).toMatchObject({ outcome: 'completed' })
  })
})

describe('two runners', () => {
  test('scenario 13: of which the second is told who holds the lock', async () => {
    const world = await busyWorld(inStart)
    await using reader = await world.database.session()
    const { running } = await whileRead(reader, async () => {
      const first = world.start()
      const works = () => world.query(`select 1 from metastore.state where key = 'phase'`)
      while ((await works()).length === 0) await world.query('select pg_sleep(0.005)')
      expect(await refusalOf(world.start())).toMatchObject({ code: 'lock_held' })
      expect(await refusalOf(world.complete())).toMatchObject({ code: 'lock_held' })
      expect(await refusalOf(world.abort())).toMatchObject({ code: 'lock_held' })
      return { running: first }
    })
    expect(await running).toMatchObject({ state: 'in_progress' })
  })

  test('scenario 13: of which the second waits and finds nothing left to do', async () => {
    const world = await busyWorld(inStart)
    const both = await Promise.all([
      world.start({ complete: true }, { lockWait: 60_000 }),
      world.start({ complete: true }, { lockWait: 60_000 }),
    ])
    expect(both.map(({ state }) => state)).toEqual(['idle', 'idle'])
    expect(both.flatMap(({ applied }) => applied.map(({ name }) => name))).toEqual(['1_a'])
  })
})

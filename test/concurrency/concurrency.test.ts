import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDatabase, sql, type Session } from '../../src/database/database.ts'
import { campaign } from '../harness/campaign.ts'
import { metastore, startMetastore, type Ended } from '../harness/child.ts'
import { engines, freshPostgresUrl } from '../harness/engines.ts'
import { migrationDirectory } from '../harness/migration-files.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

const files = Object.fromEntries(
  Array.from({ length: 12 }, (_, index) => [
    `${String(index + 2).padStart(3, '0')}_step.sql`,
    `insert into applied (file) values (${index + 2});\ncreate table t_${index} (id int);\n`,
  ]),
)
const first = { '001_applied.sql': 'create table applied (file int);\n' }
const concurrentIndex = {
  '050_index.sql': '-- metastore: no-transaction\ncreate index concurrently applied_file on applied (file);\n',
  '051_last.sql': 'insert into applied (file) values (51);\n',
}

const migrateArgs = (url: string, directory: string) => ['migrate', '--url', url, '--dirs', directory]

async function appliedFiles(url: string): Promise<number[]> {
  await using database = await openDatabase(url)
  await using session = await database.session()
  return (await session.query<{ file: number }>(sql`select file from applied order by file`)).map(({ file }) => file)
}

function exitStatuses(ended: readonly Ended[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, signal, stderr } of ended) {
    const key = status === 0 ? '0' : `${status ?? signal}: ${stderr}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

describe.each(engines.filter(({ name }) => name !== 'pglite'))(
  'many runners at once on $name',
  ({ name, freshUrl }) => {
    test('32 apply each file exactly once, and all end well', async () => {
      const url = await freshUrl()
      const { directory } = migrationDirectory({ ...first, ...files, ...(name === 'postgres' && concurrentIndex) })
      const ended = await Promise.all(Array.from({ length: 32 }, () => metastore(migrateArgs(url, directory))))
      expect(exitStatuses(ended)).toEqual({ '0': 32 })
      const expected = Object.keys(files).map((file) => Number(file.slice(0, 3)))
      expect(await appliedFiles(url)).toEqual(name === 'postgres' ? [...expected, 51] : expected)
    })
  },
)

describe('four runners on PostgreSQL, one of which is killed', () => {
  test.each(Array.from({ length: campaign ? 40 : 4 }, (_, index) => index))(
    'the other three end well, with a concurrent index in the set (%i)',
    async (round) => {
      const url = await freshPostgresUrl(18)
      const slow = { '040_slow.sql': 'select pg_sleep(0.2);\n' }
      const { directory } = migrationDirectory({ ...first, ...files, ...slow, ...concurrentIndex })
      const runners = Array.from({ length: 4 }, () => startMetastore(migrateArgs(url, directory)))
      // The first to say that it applies something holds the lock; it is killed a little further on in each round.
      const step = String(2 + ((round * 5) % 12)).padStart(3, '0')
      const holder = await Promise.race(runners.map((runner) => runner.says(`applied ${step}_step`).then(() => runner)))
      holder.process.kill('SIGKILL')
      const ended = await Promise.all(runners.map((runner) => runner.ended))
      expect(ended.filter(({ signal }) => signal === 'SIGKILL')).toHaveLength(1)
      expect(exitStatuses(ended.filter(({ signal }) => signal === null))).toEqual({ '0': 3 })
      const expected = Object.keys(files).map((file) => Number(file.slice(0, 3)))
      expect(await appliedFiles(url)).toEqual([...expected, 51])
    },
  )
})

describe('a runner that is cut off in the middle of a concurrent index build', () => {
  const big = {
    '001_big.sql': 'create table big as select i, i % 1000 as j from generate_series(1, 400000) i;\n',
    '002_index.sql':
      '-- metastore: no-transaction\ncreate index concurrently if not exists big_j on big (j, i);\ninsert into big values (0, 0);\n',
  }

  async function whileBuilding(url: string, work: (session: Session) => Promise<void>): Promise<void> {
    await using database = await openDatabase(url)
    await using session = await database.session()
    const building = () =>
      session.query(sql`select 1 from pg_stat_progress_create_index where datname = current_database()`)
    while ((await building()).length === 0) await session.query(sql`select pg_sleep(0.005)`)
    await work(session)
  }

  async function isBuiltOnce(url: string): Promise<void> {
    await using database = await openDatabase(url)
    await using session = await database.session()
    expect(
      await session.query(sql`
        select c.relname::text as name, i.indisvalid as valid from pg_index i
        join pg_class c on c.oid = i.indexrelid where i.indrelid = 'big'::regclass`),
    ).toEqual([{ name: 'big_j', valid: true }])
    expect(await session.query(sql`select count(*) as count from big where i = 0`)).toEqual([{ count: 1 }])
  }

  test('killed: the runners that wait build the index, valid, and run what follows once', async () => {
    const url = await freshPostgresUrl(18)
    const { directory } = migrationDirectory(big)
    const runners = Array.from({ length: 3 }, () => startMetastore(migrateArgs(url, directory)))
    const holder = await Promise.race(runners.map((runner) => runner.says('applied 001_big').then(() => runner)))
    await whileBuilding(url, () => Promise.resolve(void holder.process.kill('SIGKILL')))
    const ended = await Promise.all(runners.map((runner) => runner.ended))
    expect(exitStatuses(ended.filter(({ signal }) => signal === null))).toEqual({ '0': 2 })
    await isBuiltOnce(url)
  })

  test('its lock connection lost: it stops, says so, and the next run goes on', async () => {
    const url = await freshPostgresUrl(18)
    const { directory } = migrationDirectory(big)
    const runner = startMetastore(migrateArgs(url, directory))
    await runner.says('applied 001_big')
    await whileBuilding(url, async (session) => {
      await session.query(sql`
        select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`)
    })
    const ended = await runner.ended
    expect(ended.status).toBe(1)
    expect(ended.stderr).toContain('[lock_lost] The connection that holds the migration lock of ')
    expect(await metastore(migrateArgs(url, directory))).toMatchObject({ status: 0 })
    await isBuiltOnce(url)
  })

  test('its working connection lost: it stops, says where, and the next run goes on', async () => {
    const url = await freshPostgresUrl(18)
    const { directory } = migrationDirectory(big)
    const runner = startMetastore(migrateArgs(url, directory))
    await runner.says('applied 001_big')
    await whileBuilding(url, async (session) => {
      await session.query(sql`select pg_terminate_backend(pid) from pg_stat_progress_create_index`)
    })
    const ended = await runner.ended
    expect(ended.status).toBe(1)
    expect(ended.stderr).toContain('[connection_lost]')
    expect(ended.stderr).toContain('migrations/002_index.sql'.slice(-13))
    expect(await metastore(migrateArgs(url, directory))).toMatchObject({ status: 0 })
    await isBuiltOnce(url)
  })
})

describe('a second process on an embedded database', () => {
  test('is refused with exit status 4, naming the first, which goes on unharmed', async () => {
    const url = `pglite:${path.join(temporaryDirectory(), 'db')}`
    const { directory } = migrationDirectory({ ...first, '002_slow.sql': 'select pg_sleep(3);\n' })
    const holder = startMetastore(migrateArgs(url, directory))
    await holder.says('applied 001_applied')
    const refused = await metastore(migrateArgs(url, directory))
    expect(refused).toMatchObject({ status: 4, stdout: '' })
    expect(refused.stderr).toContain('[directory_locked]')
    expect(refused.stderr).toContain(`${holder.process.pid}`)
    expect(await holder.ended).toMatchObject({ status: 0 })
    expect(await metastore(migrateArgs(url, directory))).toMatchObject({ status: 0 })
  })
})

describe('a runner that waits for another', () => {
  test('gives up with exit status 4 when its time is over, and says who holds the lock', async () => {
    const url = await freshPostgresUrl(18)
    const { directory } = migrationDirectory({ ...first, '002_slow.sql': 'select pg_sleep(60);\n' })
    const holder = startMetastore(migrateArgs(url, directory))
    await holder.says('applied 001_applied')
    const waiter = await metastore([...migrateArgs(url, directory), '--lock-wait', '1s'])
    expect(waiter.status).toBe(4)
    expect(waiter.stderr).toContain('[lock_held]')
    expect(waiter.stderr).toContain(`process ${holder.process.pid} on `)
    holder.process.kill('SIGINT')
    expect(await holder.ended).toMatchObject({ status: 1 })
  })

  test('Ctrl-C cancels the statement on the server, releases the lock, and says where it stopped', async () => {
    const url = await freshPostgresUrl(18)
    const { directory } = migrationDirectory({ ...first, '002_slow.sql': '-- wait\nselect pg_sleep(60);\n' })
    const runner = startMetastore(migrateArgs(url, directory))
    await runner.says('applied 001_applied')
    await using database = await openDatabase(url)
    await using session = await database.session()
    const sleeping = async () =>
      (
        await session.query(
          sql`select 1 from pg_stat_activity where datname = current_database() and query like '%pg_sleep(60)%' and pid <> pg_backend_pid() and state = 'active'`,
        )
      ).length
    while ((await sleeping()) === 0) await session.query(sql`select pg_sleep(0.02)`)
    runner.process.kill('SIGINT')
    const ended = await runner.ended
    expect(ended.status).toBe(1)
    expect(ended.stderr).toContain('[canceled] Interrupted in migration 002_slow')
    expect(ended.stderr).toContain('Nothing of 002_slow was kept: its transaction was rolled back.')
    expect(await sleeping()).toBe(0)
    const attempt = await database.tryLock({ command: 'test' })
    expect(attempt).toHaveProperty('lock')
    if ('lock' in attempt) await attempt.lock.release()
  })
})

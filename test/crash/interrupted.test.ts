import { describe, expect, test } from 'vitest'
import { openDatabase, sql } from '../../src/database/database.ts'
import { metastore, startMetastore } from '../harness/child.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { migrationDirectory } from '../harness/migration-files.ts'

/** Kills a migrate while this piece of SQL runs on the server, and waits until the server has noticed. */
async function killDuring(url: string, args: readonly string[], piece: string): Promise<void> {
  await using database = await openDatabase(url)
  await using session = await database.session()
  const running = () =>
    session.query<{ pid: number }>(sql`
      select pid from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and state = 'active' and query like ${`%${piece}%`}`)
  const runner = startMetastore(args)
  while ((await running()).length === 0) await session.query(sql`select pg_sleep(0.01)`)
  runner.process.kill('SIGKILL')
  await runner.ended
  for (const { pid } of await running()) await session.query(sql`select pg_terminate_backend(${pid})`)
  while ((await running()).length > 0) await session.query(sql`select pg_sleep(0.01)`)
}

describe('a block that may commit inside, cut off outside a transaction', () => {
  const files = {
    '1_t.sql': 'create table t (i int);\n',
    '2_do.sql':
      '-- metastore: no-transaction\ninsert into t values (1);\ndo $$ begin insert into t values (2); commit; perform pg_sleep(1.5); end $$;\ninsert into t values (3);\n',
  }
  const rows = async (url: string) => {
    await using database = await openDatabase(url)
    await using session = await database.session()
    return (await session.query<{ i: number }>(sql`select i from t order by i`)).map(({ i }) => i)
  }

  test.each([
    ['skip', [1, 2, 3]],
    ['rerun', [1, 2, 2, 3]],
  ])('is asked about, and with --interrupted %s the rest runs once', async (policy, expected) => {
    const url = await freshPostgresUrl(18)
    const args = ['migrate', '--url', url, '--dirs', migrationDirectory(files).directory]
    await killDuring(url, args, 'pg_sleep(1.5)')

    const asked = await metastore(args)
    expect(asked.status).toBe(3)
    expect(asked.stderr).toContain(
      '[step_outcome_unknown] An earlier run was cut off while it ran this statement of 2_do outside a transaction, and nothing tells whether it took effect: do $$ begin insert into t values (2); commit; perform pg_sl…',
    )
    expect(asked.stderr).toContain(
      'next: Look at the database, then run again with --interrupted rerun, or with --interrupted skip if it has happened.',
    )
    expect(await rows(url)).toEqual([1, 2])

    expect(await metastore([...args, '--interrupted', policy])).toMatchObject({ status: 0 })
    expect(await rows(url)).toEqual(expected)
  })
})

test('a database that was made before the run was cut off is not made twice', async () => {
  const url = await freshPostgresUrl(18)
  const name = `made_${process.pid}`
  const { directory } = migrationDirectory({
    '1_database.sql': `-- metastore: no-transaction\ncreate database ${name};\ncreate table after (i int);\n`,
  })
  await using database = await openDatabase(url)
  await using session = await database.session()

  // The note that it is done cannot be written, as when the run is cut off right after the statement.
  const args = ['migrate', '--url', url, '--dirs', directory]
  await session.script('create schema metastore')
  await metastore(['stamp', 'base', '--url', url, '--dirs', directory])
  await session.script(`
    create function metastore.refuse() returns trigger language plpgsql as
      $$ begin if new.status = 'done' then raise 'the disk is full'; end if; return new; end $$;
    create trigger refuse before insert or update on metastore.journal
      for each row execute function metastore.refuse();`)
  try {
    expect(await metastore(args)).toMatchObject({ status: 1 })
    await session.script('drop trigger refuse on metastore.journal; drop function metastore.refuse()')
    expect(await metastore(args)).toMatchObject({ status: 0 })
    expect(await session.query(sql`select count(*) as count from after`)).toEqual([{ count: 0 }])
  } finally {
    await session.script(`drop database if exists ${name}`)
  }
})

import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDatabase, sql, type Database } from '../../src/database/database.ts'
import { introspect } from '../../src/catalog/introspect.ts'
import { migrate, openEngine, readHistory, rollback } from '../../src/migrations/migrations.ts'
import { sample } from '../harness/campaign.ts'
import { startProgram } from '../harness/child.ts'
import { engines } from '../harness/engines.ts'
import { migrationDirectory, type MigrationDirectory } from '../harness/migration-files.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

const shared = {
  '1_tables.sql': `create table a (id int primary key, t text);
create table log (what text);
-- metastore:down
drop table log;
drop table a;
`,
  '2_rows.sql': `insert into a (id, t) values (1, 'one');
insert into a (id, t) values (2, 'two');
-- metastore:down
delete from a;
`,
  '4_code.ts': `
    export async function up({ db, sql }: { db: any; sql: any }) {
      await db.query(sql\`insert into log values ('code')\`)
      await db.query(sql\`insert into a (id, t) values (4, 'four')\`)
    }
    export async function down({ db, sql }: { db: any; sql: any }) {
      await db.query(sql\`delete from a where id = 4\`)
      await db.query(sql\`delete from log where what = 'code'\`)
    }`,
}

const postgres = `-- metastore: no-transaction
set work_mem = '8MB';
insert into log values ('before');
create index concurrently a_t on a (t);
begin;
insert into log values ('in one');
insert into a (id, t) values (3, 'three');
commit;
vacuum a;
drop index concurrently a_t;
create unique index concurrently a_t_unique on a (t);
insert into log values ('after');
-- metastore:down no-transaction
drop index concurrently a_t_unique;
delete from log where what in ('before', 'in one', 'after');
delete from a where id = 3;
`

const sqlite = `-- metastore: no-transaction
pragma foreign_keys = off;
insert into log values ('before');
create index a_t on a (t);
begin;
insert into log values ('in one');
insert into a (id, t) values (3, 'three');
commit;
vacuum;
insert into log values ('after');
-- metastore:down no-transaction
drop index a_t;
delete from log where what in ('before', 'in one', 'after');
delete from a where id = 3;
`

// What a crash may leave different is left out: times, positions, who.
async function contents(database: Database) {
  await using session = await database.session()
  const managed = { excludeSchemas: ['metastore'] }
  const catalog = await introspect(session, database.dialect, managed)
  const rows = async (statement: ReturnType<typeof sql>) => session.query(statement).catch(() => 'no such table')
  await using engine = await openEngine(database)
  const history = await readHistory(engine.session, engine.bookkeeping)
  return {
    catalog,
    a: await rows(sql`select id, t from a order by id`),
    log: await rows(sql`select what from log order by what`),
    inEffect: history.filter(({ rolledBackAt }) => rolledBackAt === null).map(({ name }) => name),
    journal: await session.query(sql`select * from ${engine.bookkeeping.journal}`),
  }
}

async function run(url: string, files: MigrationDirectory, direction: string): Promise<void> {
  await using database = await openDatabase(url)
  await using engine = await openEngine(database)
  if (direction === 'up') await migrate(engine, await files.read())
  else await rollback(engine, await files.read(), { to: { kind: 'base' } })
}

async function look(url: string) {
  await using database = await openDatabase(url)
  return await contents(database)
}

const howOften = { postgres: 2, pglite: 6, sqlite: 2 }

describe.each(engines)('killed on $name', ({ name, freshUrl }) => {
  const files = () => migrationDirectory({ ...shared, '3_steps.sql': name === 'sqlite' ? sqlite : postgres })
  // A database in memory dies with its process, so there is nothing to go on with.
  const durableUrl = () =>
    name === 'pglite' ? Promise.resolve(`pglite:${path.join(temporaryDirectory(), 'db')}`) : freshUrl()

  test.each(['up', 'down'])(
    '%s: at any moment, and run again, it ends as if nothing had happened',
    async (direction) => {
      const directory = files()
      const undisturbed = await durableUrl()
      if (direction === 'down') await run(undisturbed, directory, 'up')
      const counted = await startProgram('test/crash/crashing-migrate.ts', [
        undisturbed,
        directory.directory,
        direction,
      ]).ended
      expect(counted).toMatchObject({ stderr: '', status: 0 })
      const moments = Number(counted.stdout)
      expect(moments).toBeGreaterThan(20)
      const expected = await look(undisturbed)

      for (const moment of sample(
        Array.from({ length: moments }, (_, index) => index + 1),
        howOften[name],
      )) {
        const url = await durableUrl()
        if (direction === 'down') await run(url, directory, 'up')
        const args = [url, directory.directory, direction, String(moment)]
        const killed = await startProgram('test/crash/crashing-migrate.ts', args).ended
        expect({ moment, signal: killed.signal, stderr: killed.stderr }).toEqual({
          moment,
          signal: 'SIGKILL',
          stderr: '',
        })
        await run(url, directory, direction)
        expect({ moment, ...(await look(url)) }).toEqual({ moment, ...expected })
      }
    },
    900_000,
  )
})

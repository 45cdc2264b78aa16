import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { migrationDirectory } from '../../test/harness/migration-files.ts'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { openDatabase, raw } from '../database/database.ts'
import { migrate, openEngine } from '../migrations/migrations.ts'
import { audit, repairDatabase } from './audit.ts'

const files = {
  '1_chat.sql': `
    create table threads (id int primary key, title text);
    create table messages (
      id int primary key,
      thread_id int not null constraint messages_thread references threads (id),
      position int not null constraint messages_position check (position > 0),
      constraint messages_place unique (thread_id, position) deferrable);
    create index messages_recent on messages (thread_id, id desc);
    insert into threads values (1);
    insert into messages values (1, 1, 1), (2, 1, 2);`,
}
const cache = path.join(temporaryDirectory(), 'shadow')

async function audited(breakage: string) {
  const directory = migrationDirectory(files)
  const database = await openDatabase(await freshPostgresUrl(18))
  onTestFinished(() => database.close())
  const engine = await openEngine(database, {})
  onTestFinished(() => engine[Symbol.asyncDispose]())
  const list = await directory.read()
  await migrate(engine, list)
  await engine.session.script(breakage)
  const look = () => audit(engine, list, { database: 'main', cacheDirectory: cache, stateSchema: 'metastore' })
  return { database, engine, look, ...(await look()) }
}

test('indexes, keys and constraints are put back without blocking whoever writes', async () => {
  const { engine, look, report, repair } = await audited(`
    drop index messages_recent;
    alter table messages drop constraint messages_place, drop constraint messages_thread,
      drop constraint messages_position, drop constraint messages_pkey;`)
  const statements = report.findings.flatMap((finding) => finding.repair)
  expect(statements.toSorted()).toEqual([
    'CREATE INDEX CONCURRENTLY messages_recent ON public.messages USING btree (thread_id, id DESC);',
    'CREATE UNIQUE INDEX CONCURRENTLY messages_pkey ON public.messages USING btree (id);',
    'CREATE UNIQUE INDEX CONCURRENTLY messages_place ON public.messages USING btree (thread_id, "position");',
    'alter table "public"."messages" add constraint "messages_pkey" primary key using index "messages_pkey";',
    'alter table "public"."messages" add constraint "messages_place" unique using index "messages_place" deferrable;',
    'alter table "public"."messages" add constraint "messages_position" CHECK (("position" > 0)) not valid;',
    'alter table "public"."messages" add constraint "messages_thread" FOREIGN KEY (thread_id) REFERENCES public.threads(id) not valid;',
    'alter table "public"."messages" validate constraint "messages_position";',
    'alter table "public"."messages" validate constraint "messages_thread";',
  ])

  expect((await repairDatabase(engine, repair, report.catalog)).failed).toEqual([])
  expect((await look()).report.findings).toEqual([])
})

test('a write of another session goes through while an index waits to be built', async () => {
  const { database, engine, look, report, repair } = await audited('drop index messages_recent')
  await using busy = await database.session()
  await using writer = await database.session()
  const [{ pid } = { pid: 0 }] = await engine.session.query<{ pid: number }>(raw('select pg_backend_pid() as pid'))
  let repairing: Promise<unknown> | undefined
  await busy.transaction(async (tx) => {
    await tx.query(raw(`insert into threads values (2)`))
    await tx.query(raw(`insert into messages values (3, 2, 1)`))
    repairing = repairDatabase(engine, repair, report.catalog)
    for (let waits = false; !waits;) {
      const rows = await writer.query<{ waits: boolean }>(
        raw(`select wait_event_type = 'Lock' and query like 'CREATE INDEX CONCURRENTLY%' as waits
          from pg_stat_activity where pid = ${pid}`),
      )
      waits = rows[0]?.waits === true
    }
    await writer.query(raw('insert into messages values (4, 1, 3)'))
  })
  await expect(repairing).resolves.toMatchObject({ done: ['create index public.messages.messages_recent'], failed: [] })
  expect((await look()).report.findings).toEqual([])
})

test('what rows forbid is told, and leaves neither a constraint nor an index behind', async () => {
  const { engine, look, report, repair } = await audited(`
    alter table messages drop constraint messages_thread, drop constraint messages_pkey;
    insert into messages values (2, 9, 1);`)
  const { done, failed } = await repairDatabase(engine, repair, report.catalog)
  expect(done).toEqual([])
  expect(failed.map(({ label, error }) => `${label}: ${error.message}`).toSorted()).toEqual([
    'add constraint public.messages.messages_pkey: could not create unique index "messages_pkey".',
    'add constraint public.messages.messages_thread: insert or update on table "messages" violates foreign key constraint "messages_thread".',
  ])
  const after = (await look()).report
  expect(after.findings.map(({ kind, objectKey }) => `${kind} ${objectKey}`).toSorted()).toEqual([
    'health table public.messages',
    'missing constraint public.messages.messages_pkey',
    'missing constraint public.messages.messages_thread',
  ])
  expect(after.catalog.tables.find(({ name }) => name === 'messages')?.indexes.map(({ name }) => name)).toEqual([
    'messages_place',
    'messages_recent',
  ])
})

test('a constraint that was never checked is, and an invalid leftover of a build is built again', async () => {
  const { engine, look, report, repair } = await audited(`
    alter table messages drop constraint messages_thread;
    alter table messages add constraint messages_thread foreign key (thread_id) references threads (id) not valid;
    update pg_index set indisvalid = false where indexrelid = 'messages_recent'::regclass`)
  expect(report.findings.flatMap((finding) => finding.repair).toSorted()).toEqual([
    'alter table "public"."messages" validate constraint "messages_thread";',
    'reindex index concurrently "public"."messages_recent";',
  ])
  expect((await repairDatabase(engine, repair, report.catalog)).failed).toEqual([])
  expect((await look()).report.findings).toEqual([])
})

test('what is on a table that is made again is made with it', async () => {
  const { engine, look, report, repair } = await audited('drop table messages')
  expect(repair.filter(({ runs }) => runs.some(({ concurrently }) => concurrently !== null))).toEqual([])
  expect((await repairDatabase(engine, repair, report.catalog)).failed).toEqual([])
  expect((await look()).report.findings).toEqual([])
})

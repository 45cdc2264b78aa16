import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { migrationDirectory } from '../../test/harness/migration-files.ts'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { engines, freshPostgresUrl } from '../../test/harness/engines.ts'
import { openDatabase } from '../database/database.ts'
import { migrate, openEngine } from '../migrations/migrations.ts'
import { audit, repairDatabase } from './audit.ts'

const files = {
  '20250315_conversations.sql': `-- metastore: priority=P0
    create table conversations (id uuid primary key default gen_random_uuid(), user_id text not null,
      status text not null default 'active', updated_at timestamptz not null default now());
    create index conversations_user on conversations (user_id);
    create function touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
    create trigger conversations_touch before update on conversations for each row execute function touch();`,
  '20250321_messages.sql': `-- metastore: priority=P1
    create table messages (id bigint generated always as identity primary key,
      conversation_id uuid not null references conversations (id) on delete cascade, content text not null);
    create index messages_conversation on messages (conversation_id);`,
  '20250328_summary.sql': `-- metastore: priority=P0
    alter table conversations add column summary text;`,
  '20250331_guardrails.sql': `-- metastore: priority=P0
    create schema guardrails;
    create table guardrails.rules (name text primary key, severity varchar(16) not null, priority int not null default 0);
    create index rules_priority on guardrails.rules (priority desc, name);`,
}

const cache = path.join(temporaryDirectory(), 'shadow')

for (const one of engines.filter(({ name }) => name !== 'sqlite')) {
  describe(`audit on ${one.name}`, () => {
    async function audited(breakage: string, options: { migrated?: boolean } = {}) {
      const directory = migrationDirectory(files)
      const database = await openDatabase(await one.freshUrl())
      onTestFinished(() => database.close())
      const engine = await openEngine(database, {})
      onTestFinished(() => engine[Symbol.asyncDispose]())
      const list = await directory.read()
      if (options.migrated !== false) await migrate(engine, list)
      await engine.session.script("insert into conversations (user_id) values ('ada'), ('ben')").catch(() => undefined)
      if (breakage !== '') await engine.session.script(breakage)
      const look = () => audit(engine, list, { database: 'main', cacheDirectory: cache, stateSchema: 'metastore' })
      return { engine, look, ...(await look()) }
    }

    test('finds nothing wrong with what was just migrated', async () => {
      const { report } = await audited('')
      expect(report.findings).toEqual([])
      expect(report.worst).toBeNull()
      const [first] = report.migrations
      expect(first).toMatchObject({ name: '20250315_conversations', priority: 'P0', state: 'applied' })
      expect(first?.provides.map(({ key, state }) => [key, state])).toContainEqual([
        'table public.conversations',
        'there',
      ])
      for (const { query } of report.migrations.flatMap(({ provides }) => provides))
        expect(query).toMatch(/^select .*;$/s)
    })

    const breaks: readonly [string, string, string, string, string][] = [
      ['a table', 'drop table messages', 'table public.messages', '20250321_messages', 'P1'],
      [
        'a column',
        'alter table conversations drop column summary',
        'column public.conversations.summary',
        '20250328_summary',
        'P0',
      ],
      [
        'an index',
        'drop index conversations_user',
        'index public.conversations.conversations_user',
        '20250315_conversations',
        'P0',
      ],
      [
        'a trigger',
        'drop trigger conversations_touch on conversations',
        'trigger public.conversations.conversations_touch',
        '20250315_conversations',
        'P0',
      ],
      ['a schema', 'drop schema guardrails cascade', 'schema guardrails', '20250331_guardrails', 'P0'],
      [
        'a foreign key',
        'alter table messages drop constraint messages_conversation_id_fkey',
        'constraint public.messages.messages_conversation_id_fkey',
        '20250321_messages',
        'P1',
      ],
      [
        'a disabled trigger',
        'alter table conversations disable trigger conversations_touch',
        'trigger public.conversations.conversations_touch',
        '20250315_conversations',
        'P0',
      ],
    ]
    test.each(breaks)(
      '%s: told with object, migration, severity and query, repaired, and rows are intact',
      async (_, statement, key, migration, severity) => {
        const { engine, look, report, repair } = await audited(statement)
        const finding = report.findings.find(({ objectKey }) => objectKey === key)
        expect(finding).toMatchObject({ objectKey: key, migration, severity })
        expect(finding?.query).toMatch(/^select /)
        expect(finding?.remedy).toBe('Run metastore audit --fix, which runs the statements below.')
        const { failed, rows } = await repairDatabase(engine, repair, report.catalog)
        expect(failed).toEqual([])
        for (const { before, after } of rows) expect(after).toBe(before)
        expect((await look()).report.findings).toEqual([])
      },
    )

    test('a column of another type is told, and left to a person', async () => {
      const { report, repair } = await audited('alter table guardrails.rules alter column severity type text')
      expect(report.findings).toMatchObject([
        {
          kind: 'different',
          objectKey: 'column guardrails.rules.severity',
          migration: '20250331_guardrails',
          severity: 'P0',
          repair: [],
        },
      ])
      expect(repair).toEqual([])
    })

    test('what nobody made by a migration is unexpected, and never removed', async () => {
      const { report, repair } = await audited('create table notes (id int primary key)')
      expect(report.findings).toMatchObject([
        { kind: 'unexpected', objectKey: 'table public.notes', severity: 'P2', migration: null },
      ])
      expect(repair).toEqual([])
    })

    test('what may be of a file that was applied and cannot be replayed is not said to be needless', async () => {
      const { engine } = await audited('update conversations set status = user_id')
      const changed = migrationDirectory({
        ...files,
        '20250401_rows.sql': "insert into conversations (user_id) select 'eve' from generate_series(1, 2);",
        '20250402_status.sql': 'create unique index one_status on conversations (status);',
      })
      const list = await changed.read()
      await migrate(engine, list, { to: { kind: 'name', name: '20250401_rows' } })
      await engine.session.script('update conversations set status = id')
      await migrate(engine, list)
      const { report } = await audit(engine, list, {
        database: 'main',
        cacheDirectory: cache,
        stateSchema: 'metastore',
      })
      expect(report.findings).toMatchObject([
        {
          kind: 'file_failed',
          severity: 'P1',
          message:
            '20250402_status fails when the files are run from the beginning: could not create unique index "one_status".',
        },
        {
          kind: 'unexpected',
          remedy:
            'It may be of 20250402_status, which was applied and does not run on a throw-away database: put that right first, and audit again.',
        },
      ])
    })

    test('a migration that was never applied is one finding, and the checklist says what to do', async () => {
      const { report } = await audited('', { migrated: false })
      expect(report.findings.map(({ kind, migration, severity }) => [kind, migration, severity])).toEqual([
        ['not_applied', '20250315_conversations', 'P0'],
        ['not_applied', '20250328_summary', 'P0'],
        ['not_applied', '20250331_guardrails', 'P0'],
        ['not_applied', '20250321_messages', 'P1'],
      ])
      expect(report.checklist.map(({ run }) => run)).toContain('metastore migrate 20250315_conversations')
    })

    test('what was applied by hand is told as such', async () => {
      const { report } = await audited(Object.values(files).join('\n'), { migrated: false })
      expect(report.findings.map(({ kind, migration }) => [kind, migration])).toEqual([
        ['not_recorded', '20250315_conversations'],
        ['not_recorded', '20250328_summary'],
        ['not_recorded', '20250331_guardrails'],
        ['not_recorded', '20250321_messages'],
      ])
    })
  })
}

test('on PostgreSQL 15, what only newer servers name or share is no difference', async () => {
  const list = await migrationDirectory({
    '1_events.sql': `create domain email as text not null check (value like '%@%');
      create table people (id bigint primary key, email email not null);
      create table events (id bigint generated always as identity, at date not null, primary key (id, at))
        partition by range (at);
      create table events_rest partition of events default;`,
  }).read()
  await using database = await openDatabase(await freshPostgresUrl(15))
  await using engine = await openEngine(database, {})
  await migrate(engine, list)
  const { report } = await audit(engine, list, { database: 'main', cacheDirectory: cache, stateSchema: 'metastore' })
  expect(report.findings).toEqual([])
})

test('a file that comes late is told once, and is nothing to migrate to', async () => {
  const late = { '2_late.sql': 'create table late (id bigint primary key);' }
  const others = {
    '1_runs.sql': 'create table runs (id bigint primary key);',
    '3_view.sql': 'create view v as select 1;',
  }
  await using database = await openDatabase(await freshPostgresUrl(18))
  await using engine = await openEngine(database, {})
  await migrate(engine, await migrationDirectory(others).read())
  const list = await migrationDirectory({ ...others, ...late }).read()
  const { report } = await audit(engine, list, { database: 'main', cacheDirectory: cache, stateSchema: 'metastore' })
  expect(report.findings).toMatchObject([{ kind: 'out_of_order', migration: '2_late' }])
  expect(report.checklist[1]).toEqual({ title: 'Settle what is said of 2_late above', run: null })
})

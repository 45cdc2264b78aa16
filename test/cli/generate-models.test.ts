import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { isTooOld } from '../../src/models/drizzle/load.ts'
import { root } from '../harness/example-copy.ts'
import { commandLine, lines, type CommandLine } from './command-line.ts'

/** A project with Drizzle models, which finds drizzle-orm where an installation has it. */
function modelsProject(models: string, more: Readonly<Record<string, string>> = {}): CommandLine {
  const line = commandLine({
    'metastore.toml': '[database.main]\nurl = "pglite:data"\nmodels = ["src/models.ts"]\n',
    'src/models.ts': models,
    ...more,
  })
  mkdirSync(path.join(line.directory, 'node_modules'))
  symlinkSync(path.join(root, 'node_modules', 'drizzle-orm'), path.join(line.directory, 'node_modules', 'drizzle-orm'))
  return line
}

const everything = `
import { sql, eq } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { members } from './members.ts'

export * from './members.ts'
export const app = pg.pgRole('app_reader')
export const mood = pg.pgEnum('mood', ['good', "it's bad"])
export const audit = pg.pgSchema('audit')
export const numbers = pg.pgSequence('numbers', { startWith: 100, increment: 5, cache: 2 })
export const severity = audit.enum('severity', ['low', 'high'])

export const runs = pg.pgTable(
  'runs',
  {
    id: pg.bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity({ name: 'runs_numbers', startWith: 10 }),
    serial: pg.serial('serial'),
    member: pg.uuid('member_id').notNull().references(() => members.id, { onDelete: 'cascade', onUpdate: 'restrict' }),
    state: pg.text().notNull().default("it's new"),
    mood: mood().default('good'),
    moods: mood().array().notNull().default(['good', "it's bad"]),
    severity: severity(),
    tags: pg.text().array().notNull().default([]),
    config: pg.jsonb().notNull().default({ a: [1, "o'clock"] }),
    cost: pg.numeric({ precision: 12, scale: 2 }).notNull().default('0.50'),
    big: pg.bigint({ mode: 'bigint' }).default(9007199254740993n),
    ratio: pg.doublePrecision().default(0.25),
    done: pg.boolean().notNull().default(false),
    at: pg.timestamp({ withTimezone: true, precision: 3 }).notNull().defaultNow(),
    day: pg.date({ mode: 'date' }).default(new Date('2026-01-02')),
    name: pg.varchar({ length: 40 }).unique('runs_name_key', { nulls: 'not distinct' }),
    upper: pg.text().generatedAlwaysAs(() => sql\`upper(state)\`),
    key: pg.char({ length: 3 }),
    span: pg.interval({ fields: 'day to second' }),
  },
  (t) => [
    pg.index('runs_state').on(t.state.desc(), t.cost.nullsFirst()).where(sql\`\${t.done} is false\`).with({ fillfactor: 70 }),
    pg.index('runs_tags').using('gin', t.tags),
    pg.index('runs_config').using('gin', t.config.op('jsonb_path_ops')),
    pg.uniqueIndex('runs_lower').on(sql\`lower(\${t.state})\`, t.id).concurrently(),
    pg.index().on(t.member),
    pg.check('runs_cost_check', sql\`\${t.cost} >= \${0} and \${t.state} <> \${"it's"}\`),
    pg.unique('runs_pair').on(t.member, t.key).nullsNotDistinct(),
    pg.foreignKey({ columns: [t.member, t.key], foreignColumns: [members.id, members.key] }),
    pg.pgPolicy('own_runs', { for: 'select', to: app, using: sql\`exists (select 1 from \${members} where \${members.id} = \${t.member})\` }),
    pg.pgPolicy('write_runs', { as: 'restrictive', for: 'insert', to: ['public'], withCheck: sql\`true\` }),
  ],
)
export const log = audit.table('log', { a: pg.integer(), b: pg.integer().notNull() }, (t) => [pg.primaryKey({ columns: [t.a, t.b] })]).enableRLS()
export const working = pg.pgView('working').as((qb) => qb.select({ id: runs.id, state: runs.state }).from(runs).where(eq(runs.done, false)))
export const cheap = pg.pgView('cheap').with({ securityInvoker: true }).as((qb) => qb.select().from(working).where(eq(working.state, 'cheap')))
export const counts = pg.pgMaterializedView('counts', { n: pg.bigint({ mode: 'number' }) }).withNoData().as(sql\`select count(*) as n from \${runs}\`)
export const elsewhere = pg.pgView('elsewhere', { id: pg.integer() }).existing()
`

const membersFile = `
import { sql } from 'drizzle-orm'
import { char, pgTable, unique, uuid } from 'drizzle-orm/pg-core'
export const members = pgTable(
  'members',
  { id: uuid().primaryKey().default(sql\`gen_random_uuid()\`), key: char({ length: 3 }) },
  (t) => [unique().on(t.id, t.key)],
)
`

describe('generate from Drizzle models', () => {
  test('makes everything that models can say, and then finds nothing to do', async () => {
    const line = modelsProject(everything, {
      'src/members.ts': membersFile,
      'migrations/001_role.sql': 'create role app_reader;\n-- metastore:down\ndrop role app_reader;\n',
    })
    expect(await line.runWords(['generate', '-m', 'the beginning'])).toEqual({
      status: 0,
      stdout: lines(
        'Created migrations/002_the_beginning.sql',
        'note  The role app_reader belongs to the server: no migration is written for it.',
      ),
      stderr: '',
    })
    const file = line.read('migrations/002_the_beginning.sql')
    for (const part of [
      `create type "public"."mood" as enum ('good', 'it''s bad')`,
      `create type "audit"."severity" as enum ('low', 'high')`,
      `"cost" numeric(12,2) default (0.50) not null`,
      `"config" jsonb default ('{"a": [1, "o''clock"]}'::jsonb) not null`,
      `"moods" public.mood[] default ('{good,"it''s bad"}'::public.mood[]) not null`,
      `"runs_member_id_key_members_id_key_fk" foreign key (member_id, key)`,
      'on update restrict on delete cascade',
      'nulls not distinct',
      'jsonb_path_ops',
      'create policy "own_runs"',
      'as restrictive',
      'alter table "audit"."log" enable row level security',
      'security_invoker',
      'with no data',
    ]) {
      expect(file.toLowerCase()).toContain(part.toLowerCase())
    }
    expect(await line.run('generate --check')).toEqual({
      status: 0,
      stdout: lines('Nothing to generate: the migrations make what src/models.ts says.'),
      stderr: '',
    })
    for (const command of ['migrate', 'rollback', 'migrate'])
      expect(await line.run(command)).toMatchObject({ status: 0, stderr: '' })
  })

  const before = `
create function touch() returns trigger language plpgsql as $$ begin new.at = now(); return new; end $$;
create domain amount as numeric check (value >= 0);
create table runs (id bigint primary key, state text not null, cost amount, at timestamptz default now());
create trigger runs_touch before update on runs for each row execute function touch();
comment on table runs is 'what an assistant does';
comment on column runs.state is 'how far it is';
create view open_runs as select id from runs;
`
  const after = `
import { sql } from 'drizzle-orm'
import { bigint, customType, pgTable, pgView, text, timestamp } from 'drizzle-orm/pg-core'
const amount = customType<{ data: string }>({ dataType: () => 'amount' })
export const runs = pgTable('runs', {
  id: bigint({ mode: 'number' }).primaryKey(),
  agentName: text(),
  runStatus: text('status').notNull(),
  cost: amount(),
  at: timestamp({ withTimezone: true }).default(sql\`now()\`),
})
export const open = pgView('open_runs', { id: bigint({ mode: 'number' }) }).existing()
`
  const old = {
    'migrations/001_runs.sql': before,
    'metastore.toml': '[database.main]\nurl = "pglite:data"\nmodels = ["src"]\nmodels_casing = "snake_case"\n',
  }

  test('leaves alone what models have no words for, and asks of a rename on a terminal', async () => {
    const line = modelsProject(after, old)
    const asked: string[] = []
    const ask = (question: string) => Promise.resolve(asked.push(question) > 1)
    const words = ['revision', '--autogenerate', '-m', 'status']
    expect(await line.runWords(words, { interactive: true, ask })).toMatchObject({ status: 0, stderr: '' })
    expect(asked).toEqual([
      'Has runs.state been renamed to agent_name? (No: it is removed, and agent_name is new.)',
      'Has runs.state been renamed to status? (No: it is removed, and status is new.)',
    ])
    expect(line.read('migrations/002_status.sql')).toBe(
      lines(
        'alter table "public"."runs" rename column "state" to "status";',
        '',
        'alter table "public"."runs" add column "agent_name" text;',
        '',
        '-- metastore:down',
        '',
        'alter table "public"."runs" drop column "agent_name";',
        '',
        'alter table "public"."runs" rename column "status" to "state";',
      ),
    )
    expect(await line.json('generate --check')).toMatchObject({ status: 0, document: { differences: [] } })
  })

  test('says in CI what differs, and names every rename that has to be decided', async () => {
    const line = modelsProject(after, old)
    expect(await line.run('generate --check')).toEqual({
      status: 3,
      stdout: lines(
        'Column public.runs.agent_name is missing.',
        'Column public.runs.status is missing.',
        'Column public.runs.state is there, but is not expected.',
        'The migrations do not make what src/models.ts says; metastore generate writes what is missing.',
      ),
      stderr: '',
    })
    expect((await line.run('generate')).stderr).toBe(
      lines(
        'error [rename_undecided] src/models.ts may have renamed something: runs.state to agent_name, runs.state to status.',
        '  at src/models.ts',
        '  --rename runs.state=agent_name, or --not-renamed runs.state=agent_name where one goes and the other is new',
        '  --rename runs.state=status, or --not-renamed runs.state=status where one goes and the other is new',
        '  next: Say of each which of the two it is, with the same command.',
      ),
    )
    expect(line.exists('migrations/002_schema.sql')).toBe(false)
  })

  test('compares the tables that models_tables names and what is new, and leaves all others alone', async () => {
    const tables = (names: string) =>
      `[database.main]\nurl = "pglite:data"\nmodels = ["src/models.ts"]\nmodels_tables = [${names}]\n`
    const line = modelsProject(
      `
import { bigint, pgTable, pgView, text, uuid } from 'drizzle-orm/pg-core'
export const members = pgTable('members', { id: uuid().primaryKey() })
export const runs = pgTable('runs', { id: bigint({ mode: 'number' }).primaryKey(), member: uuid().references(() => members.id), cost: text() })
export const notes = pgTable('notes', { id: uuid().primaryKey() })
`,
      {
        'metastore.toml': tables('"runs", "public.done_runs"'),
        'migrations/001_all.sql': `
create type mood as enum ('good', 'bad');
create table members (id uuid primary key, name text not null, mood mood, number serial, at int generated always as identity);
create index members_name on members (name);
create statistics members_names on name, mood from members;
create sequence numbers;
create table runs (id bigint primary key, member uuid constraint runs_member_members_id_fk references members (id));
create view done_runs as select id from runs;
create view named as select id, name from members;
`,
      },
    )
    expect(await line.run('generate --allow-data-loss')).toMatchObject({ status: 0, stderr: '' })
    expect(line.read('migrations/002_schema.sql').split('\n\n-- metastore:down')[0]).toBe(
      [
        'drop view "public"."done_runs";',
        'create table "public"."notes" (\n  "id" uuid not null,\n  constraint "notes_pkey" PRIMARY KEY (id)\n);',
        'alter table "public"."runs" add column "cost" text;',
      ].join('\n\n'),
    )
    line.write('metastore.toml', tables('"runs"'))
    expect(await line.run('generate --check')).toMatchObject({ status: 0 })
    line.write('metastore.toml', tables('"run"'))
    expect(await line.run('generate --check')).toMatchObject({
      status: 2,
      stderr: lines(
        'error [configuration_invalid] models_tables names run, which is neither in the models nor made by the migrations.',
        '  at models_tables',
        '  next: Did you mean runs?',
      ),
    })
  })

  test('says what is wrong with models, and what is missing to read them', async () => {
    const refusal = async (models: string, link = true) => {
      const line = modelsProject(models)
      const drizzle = path.join(line.directory, 'node_modules', 'drizzle-orm')
      if (!link) rmSync(drizzle)
      return (await line.run('generate')).stderr
    }
    const imports = `import { index, pgTable, text } from 'drizzle-orm/pg-core'\n`
    expect(await refusal(`${imports}export const a = pgTable('a', {})`, false)).toBe(
      lines(
        'error [drizzle_missing] The models need drizzle-orm, and it is not installed where they are.',
        '  at src/models.ts',
        '  next: Install it in your project: npm install drizzle-orm.',
      ),
    )
    expect(await refusal(`${imports}export const a = pgTable(`)).toContain(
      'error [models_invalid] The file of models does not compile: Unexpected end of file.\n  at src/models.ts:',
    )
    expect(await refusal(`${imports}throw new Error('no way')`)).toBe(
      lines(
        'error [models_invalid] The file of models threw while it was loaded: no way',
        '  at src/models.ts:2:7',
        '  next: Mend it at this place and run again.',
      ),
    )
    expect(await refusal('export const a = 1')).toBe(
      lines(
        'error [models_invalid] src/models.ts exports no table and nothing else of a Drizzle model for PostgreSQL.',
        '  at src/models.ts',
        "  next: Export what pgTable(…) of 'drizzle-orm/pg-core' makes.",
      ),
    )
    const unnamed = `import { sql } from 'drizzle-orm'\n${imports}export const a = pgTable('a', { b: text() }, (t) => [index().on(sql\`lower(\${t.b})\`)])`
    expect(await refusal(unnamed)).toBe(
      lines(
        'error [models_invalid] An index of table a is on an expression and has no name.',
        '  at table a',
        "  next: Give it one: index('name').on(…).",
      ),
    )
    const nonesuch = `import { sql } from 'drizzle-orm'\n${imports}export const a = pgTable('a', { b: text().default(sql\`nonesuch()\`) })`
    expect(await refusal(nonesuch)).toBe(
      lines(
        'error [models_invalid] PostgreSQL does not accept what the models say of table a: function nonesuch() does not exist.',
        '  at src/models.ts',
        '  create table "public"."a" (',
        '    "b" text default (nonesuch())',
        '  )',
        '  next: Check the name, and whether what creates it has been run.',
      ),
    )
  })

  test('reads models from the version of Drizzle that has all of it', () => {
    expect(['0.35.3', '0.36.0', '0.45.4', '1.0.0-beta.1'].map(isTooOld)).toEqual([true, false, false, false])
  })
})

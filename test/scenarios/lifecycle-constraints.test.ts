import { expect } from 'vitest'
import { schemaText } from '../harness/schema-text.ts'
import { actions, scenario, world, type World } from './world.ts'

const tables = `
  create type mode as enum ('fast', 'slow');
  create table runs (id bigint primary key, agent text, cost numeric(8,2) not null, mode mode default 'fast');
  create table notes (id bigint primary key, run_id bigint references runs, body text, tags jsonb);
  create index notes_body on notes (body);
  create index runs_mode on runs (mode) where mode <> 'slow';
  alter table runs add constraint cost_positive check (cost > 0);
  create type spare as enum ('a')`
const rows = `
  insert into runs select n, 'agent ' || n, n, 'fast' from generate_series(1, 20) n;
  insert into notes select n, n, 'body ' || n, '{}' from generate_series(1, 20) n`

// In one history, each on what the ones before it made.
const batches: Readonly<Record<string, string>> = {
  '10_add_index.json': actions(
    { type: 'add_index', table: 'notes', index: { name: 'notes_run_body', columns: ['run_id', 'body'], unique: true } },
    { type: 'add_index', table: 'notes', index: { name: 'notes_tags', columns: ['tags'], type: 'gin' } },
    {
      type: 'add_index',
      table: 'runs',
      index: { name: 'runs_agent', columns: [{ expression: 'lower(agent)', direction: 'DESC' }], where: 'cost > 1' },
    },
  ),
  '11_remove_index.json': actions(
    { type: 'remove_index', index: 'notes_body' },
    { type: 'remove_index', index: 'notes_run_body' },
  ),
  '12_remove_foreign_key.json': actions({
    type: 'remove_foreign_key',
    table: 'notes',
    foreign_key: 'notes_run_id_fkey',
  }),
  '13_add_foreign_key.json': actions({
    type: 'add_foreign_key',
    table: 'notes',
    foreign_key: { columns: ['run_id'], referenced_table: 'runs', referenced_columns: ['id'], on_delete: 'cascade' },
  }),
  '14_replace_foreign_key.json': actions(
    { type: 'remove_foreign_key', table: 'notes', foreign_key: 'notes_run_id_fkey' },
    {
      type: 'add_foreign_key',
      table: 'notes',
      foreign_key: { columns: ['run_id'], referenced_table: 'runs', referenced_columns: ['id'] },
    },
  ),
  '15_add_check.json': actions({
    type: 'add_check',
    table: 'notes',
    check: { name: 'body_not_empty', expression: "body <> ''" },
  }),
  '16_remove_check.json': actions({ type: 'remove_check', table: 'runs', check: 'cost_positive' }),
  '17_create_enum.json': actions(
    { type: 'create_enum', name: 'size', values: ['small', "it's large"] },
    { type: 'add_column', table: 'runs', column: { name: 'size', type: 'size', nullable: false, default: "'small'" } },
  ),
  '18_alter_enum.json': actions({ type: 'alter_enum', name: 'mode', add: [{ value: 'deep', down: "'slow'" }] }),
  '19_alter_enum_again.json': actions(
    { type: 'alter_enum', name: 'mode', add: [{ value: 'deeper', down: "'deep'" }] },
    { type: 'alter_enum', name: 'mode', add: [{ value: 'deepest', down: "'deeper'" }] },
  ),
  '20_remove_enum.json': actions({ type: 'remove_enum', enum: 'spare' }),
  '21_custom.json': actions({
    type: 'custom',
    start: 'create table extra (id integer primary key)',
    complete: 'alter table extra add column note text',
    abort: 'drop table extra',
  }),
}

scenario(
  69,
  'indexes, keys, checks, enums and custom: an abort leaves nothing, and start follows it as if it had not been',
  async (engine) => {
    const aborted = await world(engine, { schema: tables, rows })
    const straight = await world(engine, { schema: tables, rows })
    for (const [name, text] of Object.entries(batches)) {
      const before = await look(aborted)
      aborted.files.write(name, text)
      await aborted.start()
      await aborted.abort()
      expect({ name, ...(await look(aborted)) }).toEqual({ name, ...before })
      await aborted.expectClean()

      await aborted.start()
      await aborted.complete()
      await aborted.expectClean()
      straight.files.write(name, text)
      await straight.start({ complete: true })
      expect({ name, ...(await look(aborted)) }).toEqual({ name, ...(await look(straight)) })
    }
  },
)

async function look(it: World): Promise<object> {
  await using session = await it.database.session()
  const { newSchema, oldSchema } = await it.status()
  const version = newSchema ?? oldSchema
  const views = version === null ? [] : await schemaText(session, version)
  return { base: await schemaText(session), views, catalog: await it.catalog() }
}

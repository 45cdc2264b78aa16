import { describe, expect, test } from 'vitest'
import { commandLine, lines } from './command-line.ts'

const before = `
[[actions]]
type = "create_enum"
name = "mood"
values = ["good", "bad"]

[[actions]]
type = "create_table"
name = "runs"
primary_key = ["id"]
columns = [
  { name = "id", type = "BIGINT", generated = "ALWAYS AS IDENTITY" },
  { name = "state", type = "TEXT", nullable = false },
  { name = "cost", type = "NUMERIC(12,2)" },
  { name = "note", type = "TEXT", nullable = false },
  { name = "tries", type = "INTEGER", default = "0" },
]

[[actions]]
type = "create_table"
name = "steps"
primary_key = ["id"]
columns = [{ name = "id", type = "BIGINT" }, { name = "run_id", type = "BIGINT" }, { name = "body", type = "TEXT" }]

[[actions]]
type = "add_index"
table = "steps"
index = { name = "steps_body", columns = ["body"] }

[[actions]]
type = "create_table"
name = "scratch"
primary_key = ["id"]
columns = [{ name = "id", type = "BIGINT" }]
`

const after = `
create type mood as enum ('good', 'bad', 'mixed');
create type kind as enum ('a', 'b');
create domain amount as numeric check (value >= 0);
create table agents (id bigint primary key, name text not null, home amount, check (name <> ''));
create table runs (
  id bigint generated always as identity primary key, status text not null, cost text,
  tries bigint default 1 not null, agent_id bigint references agents (id) on delete cascade,
  kind kind not null, mood mood, ext_id uuid unique, check (tries >= 0)
);
comment on column runs.cost is 'in euros';
create index runs_status on runs (status desc) where cost is not null;
create index runs_lower on runs (lower(status), id);
create table stages (id bigint primary key, run_id bigint references runs (id), body text not null);
create view open_runs as select id, status from runs where status <> 'done';
`

const rows = `
insert into runs (state, cost, note, tries) values ('new', 1.5, 'first', null), ('done', null, 'second', 3);
insert into steps (id, run_id, body) values (1, 1, null), (2, 2, 'it');
`

describe('generate in a project of actions', () => {
  test('writes actions with what surrounds them, which pass the check, run over rows, and leave nothing to do', async () => {
    const line = commandLine({
      'metastore.toml': '[database.main]\nurl = "pglite:data"\n',
      'migrations/001_begin.toml': before,
      'migrations/002_rows.sql': rows,
      'schema.sql': after,
    })
    const words =
      'generate --format toml --from schema.sql --rename runs.state=status --rename steps=stages --allow-data-loss new shape'
    expect(await line.run(words)).toEqual({
      status: 0,
      stdout: lines(
        'Created migrations/003_new_shape_before.sql',
        'Created migrations/004_new_shape.toml',
        'Created migrations/005_new_shape_after.sql',
      ),
      stderr: '',
    })
    const text = line.read('migrations/004_new_shape.toml')
    expect(
      [...text.matchAll(/^type = "(\w+)"$/gm)].map(([, type]) => type).filter((type) => /_/.test(type ?? '')),
    ).toEqual([
      'rename_table',
      'alter_enum',
      'create_table',
      ...['add_column', 'add_column', 'add_column', 'add_column'],
      ...['alter_column', 'alter_column', 'alter_column', 'alter_column'],
      ...['add_index', 'add_index', 'add_foreign_key', 'add_index', 'add_check', 'add_foreign_key'],
      ...['remove_index', 'remove_column', 'remove_table'],
    ])
    expect(text).toContain(
      lines(
        '# Check up: the value of kind in the rows there are, and in those that old sessions write.',
        '[[actions]]',
        'type = "add_column"',
        'table = "runs"',
        `up = "'a'"`,
      ),
    )
    expect(line.read('migrations/005_new_shape_after.sql')).toMatch(
      /^alter table "public"."runs" add constraint "runs_ext_id_key" unique using index "runs_ext_id_key";\n\nalter table "public"."stages" rename constraint "steps_pkey" to "stages_pkey";\n\ncreate view/,
    )
    expect(await line.run('check')).toMatchObject({ status: 0 })
    const nothing = lines('Nothing to generate: the migrations make what schema.sql says.')
    expect(await line.run('generate --from schema.sql')).toMatchObject({ status: 0, stdout: nothing })
    expect(await line.run('migrate')).toMatchObject({ status: 0 })
    expect(await line.run('audit --fail-on P1')).toMatchObject({ status: 0 })
  })

  test('retypes a column that a view reads by an action alone, and refuses a format that it does not write', async () => {
    const line = commandLine({
      'metastore.toml': '[database.main]\nurl = "pglite:data"\n',
      'migrations/001_a.sql': 'create table a (id int primary key, b text);\ncreate view v as select b from a;\n',
      'schema.sql': 'create table a (id int primary key, b int);\ncreate view v as select b from a;\n',
    })
    expect(await line.run('generate --format toml --from schema.sql --allow-data-loss b')).toEqual({
      status: 0,
      stdout: lines('Created migrations/002_b.toml'),
      stderr: '',
    })
    expect((await line.run('generate --format xml --from schema.sql')).stderr).toBe(
      lines(
        'error [usage] generate writes no "xml".',
        '  at --format',
        '  next: Use --format sql, or --format toml for actions.',
      ),
    )
  })
})

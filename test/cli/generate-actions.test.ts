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

describe('generate --format toml', () => {
  test('writes actions with what surrounds them, which pass the check, run, and leave nothing to do', async () => {
    const line = commandLine({
      'metastore.toml': '[database.main]\nurl = "pglite:data"\n',
      'migrations/001_begin.toml': before,
      'schema.sql': after,
    })
    const words =
      'generate --from schema.sql --rename runs.state=status --rename steps=stages --allow-data-loss new shape'
    const written = await line.run(words)
    console.log(written)
    for (const f of ['002_new_shape_before.sql', '003_new_shape.toml', '004_new_shape_after.sql', '002_new_shape.sql', '002_new_shape.toml'])
      if (line.exists('migrations/' + f)) console.log(f, '\n', line.read('migrations/' + f))
    console.log((await line.run('check')).stdout.slice(0, 3000))
    const nothing = lines('Nothing to generate: the migrations make what schema.sql says.')
    expect(await line.run('generate --from schema.sql')).toMatchObject({ status: 0, stdout: nothing })
    console.log(await line.run('migrate'))
    console.log(await line.run('audit'))
  })
})

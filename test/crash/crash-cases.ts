import { actionDeclarations } from '../../src/migrations/formats/actions/declarations.ts'

/** A batch that runs are cut off in. */
export interface CrashCase {
  readonly name: string
  /** Its files, by name. */
  readonly files: Readonly<Record<string, string>>
  /** A write of the new application, which is to pass at any moment from the end of the start on. */
  readonly asNew: (key: number) => string
}

/** What is there before every one of the batches, completed as a first migration, so that there is an old version. */
export const baseFile = JSON.stringify({
  actions: [
    {
      type: 'custom',
      complete: `
        create type mode as enum ('fast', 'slow');
        create type spare as enum ('a');
        create table runs (id bigint primary key, agent text not null, cost numeric(8,2) not null, state text, mode mode);
        alter table runs add constraint cost_positive check (cost > 0);
        create index runs_agent on runs (agent);
        create unique index runs_cost on runs (id, cost);
        create index runs_state on runs (state) where state <> 'done';
        create table notes (id bigint primary key, run_id bigint references runs, body text);
        create index notes_body on notes (body);
        create table links (note_id bigint, place text);
        create table owned (tenant_id int not null, id int primary key);`,
    },
  ],
})

/** Its rows. */
export const rows = `
  insert into runs select n, 'acme/a' || n, n, case n % 3 when 0 then 'done' end, 'fast' from generate_series(1, 30) n;
  insert into notes select n, n, 'note ' || n from generate_series(1, 30) n;
  insert into links select n, 'place ' || n from generate_series(1, 30) n;`

/** A write of the old application, which is to pass at any moment until the completion has begun. */
export const asOld = (key: number) => `
  insert into runs (id, agent, cost, state, mode) values (${key}, 'zeta/b', 2.5, null, 'slow');
  insert into notes (id, run_id, body) values (${key}, ${key}, 'late');
  insert into links (note_id, place) values (${key}, 'late ${key}');
  update runs set agent = 'beta/' || id, cost = cost + 1, mode = 'slow' where id in (7, ${key});
  update notes set body = 'changed' where id = 9;
  update runs set state = 'changed' where id = 11;
  insert into notes (id, run_id, body) values (${key + 1000}, 12, 'on an old run');
  insert into links (note_id, place) values (13, 'on an old note');
  delete from links where note_id = 30;`

const insertRun = (key: number) => `
  insert into runs (id, agent, cost, state, mode) values (${key}, 'new/b', 4, 'new', 'fast');
  update runs set agent = 'later/' || id where id in (8, ${key});`
const insertNote = (key: number) =>
  `${insertRun(key)} insert into notes (id, run_id, body) values (${key}, ${key}, 'new');`

const vendor = {
  type: 'add_column',
  table: 'runs',
  up: `split_part(agent, '/', 1)`,
  column: { name: 'vendor', type: 'TEXT', nullable: false },
}
const cents = {
  type: 'alter_column',
  table: 'runs',
  column: 'cost',
  up: '(cost * 100)::int',
  down: 'cost / 100.0',
  changes: { name: 'cents', type: 'INTEGER' },
}
const costs = {
  type: 'create_table',
  name: 'run_costs',
  primary_key: ['run_id'],
  columns: [
    { name: 'run_id', type: 'BIGINT' },
    { name: 'cents', type: 'INTEGER' },
  ],
  up: { table: 'runs', values: { run_id: 'id', cents: '(cost * 100)::int' } },
}
const index = {
  type: 'add_index',
  table: 'notes',
  index: { name: 'notes_run', columns: ['run_id', 'id'], unique: true },
}
const deep = { type: 'alter_enum', name: 'mode', add: [{ value: 'deep', down: `'slow'` }] }
const key = { columns: ['note_id'], referenced_table: 'notes', referenced_columns: ['id'], on_delete: 'CASCADE' }

const custom = {
  type: 'custom',
  start: 'create table extra (id int primary key); insert into extra values (1)',
  complete: `-- metastore: no-transaction
insert into extra values (2);
alter table runs add column tag text;
create index concurrently extra_again on extra (id);
insert into extra values (3);`,
  abort: 'drop table extra',
}

const cases: readonly (readonly [readonly object[], CrashCase['asNew']])[] = [
  [
    [costs],
    (n) =>
      `${insertRun(n)} insert into run_costs values (${n} + 1000, 5); update run_costs set cents = 6 where run_id = 8;`,
  ],
  [
    [{ type: 'rename_table', table: 'notes', new_name: 'memories' }],
    (n) => `insert into memories (id, run_id, body) values (${n}, 8, 'new');`,
  ],
  [[{ type: 'remove_table', table: 'links' }], insertNote],
  [
    [vendor],
    (n) => `
      insert into runs (id, agent, cost, vendor) values (${n}, 'new/b', 4, 'OTHER');
      update runs set vendor = 'MINE' where id = 8;`,
  ],
  [
    [cents],
    (n) => `insert into runs (id, agent, cents) values (${n}, 'new/b', 410); update runs set cents = 130 where id = 8;`,
  ],
  [
    [{ type: 'remove_column', table: 'runs', column: 'state', down: `'unknown'` }],
    (n) => `insert into runs (id, agent, cost) values (${n}, 'new/b', 4); update runs set agent = 'x' where id = 9;`,
  ],
  [[index], insertNote],
  [[{ type: 'remove_index', index: 'notes_body' }], insertNote],
  [
    [{ type: 'add_foreign_key', table: 'links', foreign_key: key }],
    (n) => `${insertNote(n)} insert into links (note_id, place) values (${n}, 'new');`,
  ],
  [[{ type: 'remove_foreign_key', table: 'notes', foreign_key: 'notes_run_id_fkey' }], insertNote],
  [[{ type: 'create_enum', name: 'size', values: ['small', `it's large`] }], insertNote],
  [
    [deep],
    (n) =>
      `insert into runs (id, agent, cost, mode) values (${n}, 'b', 4, 'deep'); update runs set mode = 'deep' where id = 8;`,
  ],
  [[{ type: 'remove_enum', enum: 'spare' }], insertNote],
  [[custom], insertNote],
  [[{ type: 'add_check', table: 'notes', check: { name: 'body_there', expression: `body <> ''` } }], insertNote],
  [[{ type: 'remove_check', table: 'runs', check: 'cost_positive' }], insertNote],
  [[{ type: 'tenant_isolation', table: 'owned' }], insertNote],
]

const mixed: CrashCase = {
  name: 'a mixed batch',
  files: {
    '2_first.json': file([
      { type: 'rename_table', table: 'notes', new_name: 'memories' },
      { type: 'create_enum', name: 'size', values: ['small', 'large'] },
      vendor,
      cents,
      { ...index, table: 'memories' },
    ]),
    '3_second.json': file([
      {
        type: 'add_column',
        table: 'memories',
        column: { name: 'size', type: 'size', nullable: false, default: `'small'` },
      },
      {
        type: 'add_column',
        table: 'memories',
        column: { name: 'agent', type: 'TEXT' },
        up: { table: 'runs', value: 'runs.agent', where: 'memories.run_id = runs.id' },
      },
      { type: 'add_foreign_key', table: 'links', foreign_key: { ...key, referenced_table: 'memories' } },
      { type: 'remove_column', table: 'runs', column: 'state', down: `'unknown'` },
      deep,
      { type: 'remove_check', table: 'runs', check: 'cost_positive' },
      { type: 'remove_enum', enum: 'spare' },
    ]),
  },
  asNew: (n) => `
    insert into runs (id, agent, cents, mode, vendor) values (${n}, 'new/b', 410, 'deep', 'MINE');
    insert into memories (id, run_id, body, size, agent) values (${n}, ${n}, 'new', 'large', 'mine');
    update runs set cents = 130, vendor = 'MINE' where id = 8;`,
}

// Each of them takes from another one what that has to compute first.
const chained: CrashCase = {
  name: 'chained tables',
  files: {
    '2_change.json': file([
      vendor,
      {
        type: 'add_column',
        table: 'notes',
        column: { name: 'vendor', type: 'TEXT' },
        up: { table: 'runs', value: 'runs.vendor', where: 'notes.run_id = runs.id' },
      },
    ]),
    '3_derived.json': file([
      {
        type: 'add_column',
        table: 'links',
        column: { name: 'from', type: 'TEXT' },
        up: { table: 'notes', value: 'notes.vendor', where: 'links.note_id = notes.id' },
      },
      {
        type: 'create_table',
        name: 'vendors',
        primary_key: ['run_id'],
        columns: [
          { name: 'run_id', type: 'BIGINT' },
          { name: 'vendor', type: 'TEXT' },
          { name: 'state', type: 'TEXT' },
        ],
        up: { table: 'runs', values: { run_id: 'id', vendor: 'vendor', state: 'state' } },
      },
    ]),
  },
  asNew: (n) => `
    insert into runs (id, agent, cost, vendor) values (${n}, 'new/b', 4, 'MINE');
    insert into notes (id, run_id, vendor) values (${n}, ${n}, 'OTHER');
    insert into links (note_id, place, "from") values (${n}, 'there', 'THIRD');
    update notes set vendor = 'MINE' where id = 8;`,
}

/** A batch of every action there is, and some of several. */
export const crashCases: readonly CrashCase[] = [
  ...cases.map(([list, asNew]) => ({ name: typeOf(list), files: { '2_change.json': file(list) }, asNew })),
  mixed,
  chained,
]

/** The names of the cases that there have to be. */
export const caseNames: readonly string[] = [...actionDeclarations.map(({ type }) => type), mixed.name, chained.name]

function file(actions: readonly object[]): string {
  return JSON.stringify({ actions })
}

function typeOf([action]: readonly object[]): string {
  return (action as { readonly type: string }).type
}

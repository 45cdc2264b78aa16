import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { openDatabase, sql, type Database, type Session } from '../../database/database.ts'
import { silent } from '../../progress.ts'
import type { RowScope } from '../batch/row-scope.ts'
import { preflight, type PreflightResult } from './preflight.ts'
import type { Binding, PreflightPlan } from './preflight-plan.ts'

const servers = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

const runsColumns = [
  { name: 'id', type: 'bigint' },
  { name: 'agent', type: 'text' },
  { name: 'cost', type: 'numeric(8,2)' },
]
const runs: RowScope = { alias: 'runs', columns: runsColumns.map((column) => ({ ...column, physical: column.name })) }
const notes: RowScope = {
  alias: 'notes',
  columns: ['id', 'run_id'].map((name) => ({ name, physical: name, type: 'bigint' })),
}

const emptyPlan: PreflightPlan = {
  base: 'public',
  oldSchema: null,
  tables: [],
  enums: [],
  bindings: [],
  checks: [],
  written: [],
  changed: [],
  creates: true,
}

/** A binding as it stands in a file, written as a TOML string by default. */
function binding(text: string, parts: Partial<Binding> = {}, written = JSON.stringify(text)): Binding {
  const source = `[[actions]]\nup = ${written}\n`
  const place = { path: '2_runs.toml', source, offset: source.indexOf(written) }
  return {
    ...{ kind: 'value', text, rows: [runs], type: 'integer', side: 'old', perRow: false, key: 'actions[0].up', place },
    ...parts,
  }
}

const objects = `
  create schema migration_v1;
  create table runs (id bigint primary key, agent text, cost numeric(8,2) not null);
  create table notes (id bigint primary key, run_id bigint, body text);
  create type mode as enum ('fast', 'slow');
  create function cents(numeric) returns integer language sql immutable as 'select ($1 * 100)::integer';
  create view migration_v1.journal as select id as number, run_id from notes;`

describe.each(servers)('binding on $name', ({ freshUrl }) => {
  // One for all tests, as binding changes nothing.
  let database: Database
  let session: Session
  beforeAll(async () => {
    database = await openDatabase(await freshUrl())
    session = await database.session()
    await session.script(objects)
  })
  afterAll(async () => {
    await session.close()
    await database.close()
  })

  function run(plan: Partial<PreflightPlan>): Promise<PreflightResult> {
    const retry = { lockTimeout: 1000, deadline: 10_000, busyDeadline: 0 }
    const { signal } = new AbortController()
    return preflight({ database, session, signal, progress: silent, retry }, { ...emptyPlan, ...plan })
  }

  test('what its place would take is understood, and constants are not computed', async () => {
    const bindings = [
      binding('cents(cost)'),
      binding('(runs.cost * 100)::int -- in cents'),
      binding('1 / 0'),
      binding('cost'), // numeric to integer is an assignment cast
      binding("'5'"),
      binding('null'),
      binding('(select count(*) from notes where run_id = runs.id)', { type: 'bigint' }),
      binding('(select max(m.id) from notes m)', { type: null }),
      binding('runs', { type: null }),
      binding('(to_jsonb(runs))', { type: 'jsonb' }),
      binding("'fast'", { type: 'mode' }),
      binding('cost', { type: 'serial' }),
      binding('runs.id = notes.run_id', { kind: 'condition', rows: [runs, notes], type: null }),
      binding('1 / 0 > 0', { kind: 'condition', type: null }),
      binding('now()', { kind: 'default', rows: [], type: 'timestamptz' }),
      binding('1 / 0', { kind: 'default', rows: [] }),
      binding('select id, rank() over (order by cost) as value from runs', { kind: 'query', rows: [], keys: ['id'] }),
      binding('select id, 1 / 0 as value from runs -- all', { kind: 'query', rows: [], type: null }),
      binding('NUMERIC(12,2)', { kind: 'type', rows: [], type: null }),
      binding('bigserial', { kind: 'type', rows: [], type: null }),
      binding('cost > 0 and id is not null', { kind: 'check', type: null }),
      binding('cents(cost)', { kind: 'generated' }),
      binding('lower(agent)', { kind: 'index_key', type: null }),
      binding('cost > 0', { kind: 'index_condition', type: null }),
    ]
    expect(await run({ bindings })).toEqual({ problems: [], warnings: [] })
  })

  test('all that is not understood is told at once, at its place, with the nearest name', async () => {
    const { problems } = await run({
      tables: [{ name: 'runs', created: false, columns: runsColumns }],
      bindings: [
        binding('round(cots * 100)::int', { key: 'actions[0].up' }),
        binding('runs.agent || \'ü\' || runs."agnt"', { type: 'text', key: 'actions[1].up' }),
        binding('(select count(*)\n  from rnus)', { key: 'actions[2].up' }, '"""\n(select count(*)\n  from rnus)"""'),
        binding('cost > 0', { key: 'actions[3].up' }),
        binding('cost', { kind: 'condition', type: null, key: 'actions[4].where' }),
      ],
    })
    expect(problems.map((problem) => problem.toJSON())).toEqual([
      {
        code: 'binding_failed',
        message: 'PostgreSQL does not accept actions[0].up: column "cots" does not exist.',
        where: '2_runs.toml:2:13',
        remedy: 'Did you mean cost?',
        details: ['up = "round(cots * 100)::int"', '            ^', ...hint('cost')],
      },
      {
        code: 'binding_failed',
        message: 'PostgreSQL does not accept actions[1].up: column runs.agnt does not exist.',
        where: '2_runs.toml:2:28',
        remedy: 'Did you mean agent?',
        details: ['up = "runs.agent || \'ü\' || runs.\\"agnt\\""', `${' '.repeat(27)}^`, ...hint('agent')],
      },
      {
        code: 'binding_failed',
        message: 'PostgreSQL does not accept actions[2].up: relation "rnus" does not exist.',
        where: '2_runs.toml:4:8',
        remedy: 'Did you mean runs?',
        details: ['  from rnus)"""', '       ^'],
      },
      {
        code: 'binding_failed',
        message:
          'PostgreSQL does not accept actions[3].up: column "new value" is of type integer but expression is of type boolean.',
        where: '2_runs.toml:2:7',
        remedy: 'Write an expression that gives integer, with a cast where one is needed.',
        details: ['up = "cost > 0"', '      ^', 'HINT: You will need to rewrite or cast the expression.'],
      },
      {
        code: 'binding_failed',
        message:
          'PostgreSQL does not accept actions[4].where: argument of WHERE must be type boolean, not type numeric.',
        where: '2_runs.toml:2:7',
        remedy: 'Write a condition: an expression that is true or false.',
        details: ['up = "cost"', '      ^'],
      },
    ])
  })

  test.each<[string, Partial<Binding>, string, string]>([
    ['max(cost)', {}, 'aggregate functions are not allowed in UPDATE.', 'Correct the expression.'],
    ['row_number() over ()', {}, 'window functions are not allowed in UPDATE.', 'Correct the expression.'],
    ['generate_series(1, 2)', {}, 'set-returning functions are not allowed in UPDATE.', 'Correct the expression.'],
    ["'x'::int", {}, 'invalid input syntax for type integer: "x".', 'Write a value that the type knows.'],
    [
      'cnets(cost)',
      {},
      'function cnets(numeric) does not exist.',
      'Check the name and the types of what it is given; write a cast where one is needed.',
    ],
    [
      'cost::numerc',
      {},
      'type "numerc" does not exist.',
      'Check the name, or create the type in an earlier action of the batch.',
    ],
    ['xyz', {}, 'column "xyz" does not exist.', 'The columns here are id, agent, cost.'],
    ['id', { rows: [runs, notes] }, 'column reference "id" is ambiguous.', 'Correct the expression.'],
    [
      '$1',
      {},
      'there is no parameter that $1 and its like could stand for.',
      'Write the name of a column, or the value itself.',
    ],
    [
      'cost',
      { kind: 'default', rows: [] },
      'cannot use column reference in DEFAULT expression.',
      'Correct the expression.',
    ],
    [
      'now()',
      { kind: 'default', rows: [] },
      'column "new value" is of type integer but default expression is of type timestamp with time zone.',
      'Write an expression that gives integer, with a cast where one is needed.',
    ],
    [
      '(select 1) > 0',
      { kind: 'check', type: null },
      'cannot use subquery in check constraint.',
      'Correct the expression.',
    ],
    [
      'now()',
      { kind: 'index_key', type: null },
      'functions in index expression must be marked IMMUTABLE.',
      'Correct the expression.',
    ],
    [
      'random() > 0.5',
      { kind: 'index_condition', type: null },
      'functions in index predicate must be marked IMMUTABLE.',
      'Correct the expression.',
    ],
    ['random()::int', { kind: 'generated' }, 'generation expression is not immutable.', 'Correct the expression.'],
    [
      'numerc',
      { kind: 'type', rows: [], type: null },
      'type "numerc" does not exist.',
      'Check the name, or create the type in an earlier action of the batch.',
    ],
    [
      'select id from runs',
      { kind: 'query', rows: [], type: null, keys: ['key'] },
      'column query.key does not exist.',
      'Name a column that is there.',
    ],
    [
      'select id from runs',
      { kind: 'query', rows: [] },
      'column query.value does not exist.',
      'Name a column that is there.',
    ],
    [
      'with gone as (delete from runs returning id) select id, 1 as value from gone',
      { kind: 'query', rows: [] },
      'WITH clause containing a data-modifying statement must be at the top level.',
      'Correct the expression.',
    ],
  ])('%s is refused where it may not stand', async (text, parts, message, remedy) => {
    const { problems } = await run({ bindings: [binding(text, parts)] })
    expect(problems.map((problem) => [problem.code, problem.message, problem.remedy])).toEqual([
      ['binding_failed', `PostgreSQL does not accept actions[0].up: ${message}`, remedy],
    ])
  })

  test('each side sees its own version, and what the batch makes', async () => {
    const plan = {
      oldSchema: 'migration_v1',
      tables: [
        { name: 'memories', created: false, columns: [{ name: 'label', type: 'text' }] },
        { name: 'links', created: true, columns: [{ name: 'speed', type: '"Speed"' }] },
        {
          name: 'ranks',
          created: true,
          columns: [
            { name: 'rank', type: 'public.rank' },
            { name: 'no', type: 'serial' },
          ],
        },
      ],
      enums: [
        { name: '"Speed"', labels: ["it's ok", 'fast'] },
        { name: 'public.rank', labels: ['first'] },
        { name: 'mode', labels: ['fast', 'slow'] },
      ],
    }
    const messages = async (text: string, side: 'old' | 'new', type: string | null = null) => {
      const { problems } = await run({ ...plan, bindings: [binding(text, { side, type })] })
      return problems.map(({ message }) => message)
    }
    const unknown = (name: string) => [`PostgreSQL does not accept actions[0].up: relation "${name}" does not exist.`]
    expect(await messages('(select max(number) from journal)', 'old')).toEqual([])
    expect(await messages('(select max(number) from journal)', 'new')).toEqual(unknown('journal'))
    expect(await messages('(select max(label) from memories)', 'new')).toEqual([])
    expect(await messages('(select max(label) from memories)', 'old')).toEqual(unknown('memories'))
    for (const side of ['old', 'new'] as const) {
      expect(await messages("(select speed from links where speed = 'it''s ok')", side, '"Speed"')).toEqual([])
      expect(await messages('(select rank from ranks where no = 1)', side, 'public.rank')).toEqual([])
      expect(await messages('(select max(id) from runs)', side)).toEqual([])
    }
    expect(await messages("'sideways'", 'old', '"Speed"')).toEqual([
      'PostgreSQL does not accept actions[0].up: invalid input value for enum "Speed": "sideways".',
    ])
  })

  test('an unknown type is told once: at its own place, or else at its column', async () => {
    const columns = [
      { name: 'id', type: 'bigint' },
      { name: 'cost', type: 'numerc(8,2)' },
    ]
    const broken = { name: 'bills', created: true, columns }
    const rows = [{ alias: 'bills', columns: columns.map((column) => ({ ...column, physical: column.name })) }]
    const { problems } = await run({ tables: [broken], bindings: [binding('cost', { rows, type: 'numerc(8,2)' })] })
    expect(problems.map((problem) => problem.toJSON())).toEqual([
      {
        code: 'binding_failed',
        message: 'The server does not know the type of column bills.cost: type "numerc" does not exist.',
        where: 'column bills.cost',
        remedy: 'Correct the type, or create it in an earlier action of the batch.',
        details: [],
      },
    ])
    const type = binding('numerc(8,2)', { kind: 'type', rows: [], type: null })
    const told = await run({ tables: [broken], bindings: [type] })
    expect(told.problems.map(({ message }) => message)).toEqual([
      'PostgreSQL does not accept actions[0].up: type "numerc" does not exist.',
    ])
  })

  test('names of every kind are names only', async () => {
    const alias = 'Order "1"; drop table runs --'
    const columns = ['new value', 'from', "it's", 'a"b', '🐘'].map((name) => ({ name, physical: name, type: 'text' }))
    const text = `"new value" || "from" || "it's" || "a""b" || "🐘" || ("Order ""1""; drop table runs --")::text`
    const rows = [{ alias, columns }]
    const all = ['value', 'check', 'generated', 'index_key'] as const
    const bindings = all.map((kind) => binding(kind === 'value' ? text : `"it's" = "🐘"`, { kind, rows, type: null }))
    const boolean = bindings.map((one) => (one.kind === 'generated' ? { ...one, type: 'boolean' } : one))
    expect((await run({ bindings: boolean })).problems).toEqual([])
    const [problem] = (await run({ bindings: [binding('"🐘" || "🐘" || elephant', { rows, type: 'text' })] })).problems
    expect(problem?.where).toBe('2_runs.toml:2:25')
    expect(await session.query(sql`select count(*)::int as count from runs`)).toEqual([{ count: 0 }])
  })

  test('a text of two statements is refused, and neither is run', async () => {
    const { problems } = await run({ bindings: [binding('1); drop table runs; select (1', { type: null })] })
    expect(problems.map(({ message }) => message)).toEqual([
      'PostgreSQL does not accept actions[0].up: cannot insert multiple commands into a prepared statement.',
    ])
    expect(await session.query(sql`select count(*)::int as count from runs`)).toEqual([{ count: 0 }])
  })

  test('nothing is left behind: no schema, type, lock or prepared statement', async () => {
    const left = () =>
      session.query(sql`
          select (select count(*)::int from pg_namespace) as schemas, (select count(*)::int from pg_type) as types,
            (select count(*)::int from pg_prepared_statements) as prepared, current_setting('search_path') as path`)
    const before = await left()
    await run({
      tables: [{ name: 'bills', created: true, columns: runsColumns }],
      enums: [{ name: 'public.rank', labels: ['first'] }],
      bindings: [binding('cost'), binding('xyz'), binding('$1')],
    })
    expect(await left()).toEqual(before)
  })
})

// Versions that suggest a name say so themselves as well.
function hint(name: string): string[] {
  return [`HINT: Perhaps you meant to reference the column "runs.${name}".`]
}

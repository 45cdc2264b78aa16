import { describe, expect, it } from 'vitest'
import { emptyCatalog } from '../../catalog/catalog.ts'
import { id, openDatabase, raw, sql } from '../../database/database.ts'
import { engines } from '../../../test/harness/engines.ts'
import { loadParser } from '../sql/parser.ts'
import {
  isVolatile,
  parseExpression,
  problemsOfExpression,
  renderExpression,
  renderOverRows,
  usesOf,
  usesOfRow,
} from './expression.ts'
import type { RowScope } from './row-scope.ts'

const parser = await loadParser()
const parse = (text: string) => parseExpression(text, parser)

const runs: RowScope = {
  alias: 'runs',
  columns: [
    { name: 'id', physical: 'id', type: 'bigint' },
    { name: 'cost', physical: 'tmp_cost', type: 'numeric' },
    { name: 'My "Column', physical: 'mine', type: 'text' },
    { name: 'data', physical: 'data', type: 'text' },
  ],
}
const notes: RowScope = {
  alias: 'notes',
  columns: [
    { name: 'id', physical: 'id', type: 'bigint' },
    { name: 'run_id', physical: 'run_id', type: 'bigint' },
    { name: 'body', physical: 'body', type: 'text' },
  ],
}
const overRuns = (text: string) => renderExpression(parse(text), runs, (column) => id('r', column)).inline('postgres')
const overBoth = (text: string) =>
  renderOverRows(parse(text), [
    { scope: runs, column: (column) => id('s', column) },
    { scope: notes, column: (column) => id('t', column) },
  ]).inline('postgres')

describe('rendering an expression over a row', () => {
  it.each([
    ['cost * 100', '("r"."tmp_cost" * 100)'],
    ['runs.cost + RUNS . COST', '("r"."tmp_cost" + "r"."tmp_cost")'],
    ['"runs" /* x */ . -- y\n "cost" + 1', '("r"."tmp_cost" + 1\n)'],
    [`"My ""Column" || 'cost'`, `("r"."mine" || 'cost')`],
    ['U&"d\\0061ta" || U&"d!0061ta" UESCAPE \'!\'', '("r"."data" || "r"."data")'],
    ["'é😀' || cost || '😀' || cost", `('é😀' || "r"."tmp_cost" || '😀' || "r"."tmp_cost")`],
    ['cost(x => cost, "Cost")', '(cost(x => "r"."tmp_cost", "Cost"))'],
    ['other.cost + nothing', '(other.cost + nothing)'],
    ['cost::numeric(8,2) -- in cents', '("r"."tmp_cost"::numeric(8,2) -- in cents\n)'],
    ['extract(day from data::timestamptz)', '(extract(day from "r"."data"::timestamptz))'],
    ["$$cost$$ || E'\\'cost' || $q$ $$cost $q$", "($$cost$$ || E'\\'cost' || $q$ $$cost $q$)"],
    ['case when cost > 1 then data end', '(case when "r"."tmp_cost" > 1 then "r"."data" end)'],
    ['data COLLATE "cost"', '("r"."data" COLLATE "cost")'],
  ])('puts the columns of %s in their place', (text, rendered) => {
    expect(overRuns(text)).toBe(rendered)
  })

  it('evaluates what reads tables over a row of its own', () => {
    expect(overRuns('(select max(cost) from notes n where n.run_id = runs.id)')).toBe(
      '(select ((select max(cost) from notes n where n.run_id = runs.id)) from ' +
        '(select "r"."id" as "id", "r"."tmp_cost" as "cost") as "runs")',
    )
    expect(overRuns('(select count(*) from users)')).toBe('((select count(*) from users))')
  })

  it.each(['runs', 'runs.*', 'to_jsonb(runs)', '(runs).cost', 'runs is null'])(
    'gives %s a row with all columns',
    (text) => {
      expect(overRuns(text)).toBe(
        `(select (${text}) from (select "r"."id" as "id", "r"."tmp_cost" as "cost", ` +
          `"r"."mine" as "My ""Column", "r"."data" as "data") as "runs")`,
      )
    },
  )

  it('takes a name that is both a table and a column for the column', () => {
    const scope: RowScope = { alias: 'cost', columns: [{ name: 'cost', physical: 'x', type: 'int' }] }
    const rendered = renderExpression(parse('cost + cost.cost'), scope, (column) => id(column))
    expect(rendered.inline('postgres')).toBe('("x" + "x")')
  })
})

describe('rendering an expression over several rows', () => {
  it('puts bare names in their place where one row has them', () => {
    expect(overBoth('runs.id = notes.id and run_id = cost')).toBe(
      '("s"."id" = "t"."id" and "t"."run_id" = "s"."tmp_cost")',
    )
  })

  it('leaves a bare name that both have', () => {
    expect(overBoth('id = run_id')).toBe('(id = "t"."run_id")')
  })

  it('gives sub-queries both rows', () => {
    expect(overBoth('(select max(x) from u where u.id = runs.id and u.b = body)')).toBe(
      '(select ((select max(x) from u where u.id = runs.id and u.b = body)) from ' +
        '(select "s"."id" as "id") as "runs", (select "t"."body" as "body") as "notes")',
    )
  })
})

describe('what an expression depends on', () => {
  it('is the columns that it names, by their physical names', () => {
    expect(usesOf(parse('cost + runs.id + other.data'), runs)).toEqual(['id', 'tmp_cost'])
    expect(usesOfRow(parse('run_id = runs.id'), runs, [runs, notes])).toEqual(['id'])
  })

  it('is all columns when the row is named as a whole', () => {
    expect(usesOf(parse('to_jsonb(runs)'), runs)).toEqual(['id', 'tmp_cost', 'mine', 'data'])
  })

  it('tells the tables and functions of sub-queries', () => {
    const expression = parse('(with q as (select f.g(1) from "A b") select now() || current_user from q, s.users)')
    expect(expression).toMatchObject({
      opaque: true,
      readsTables: true,
      tables: ['A b', 'users'],
    })
    expect(expression.functions).toHaveLength(3)
    expect(expression.functions).toEqual(expect.arrayContaining([['f', 'g'], ['now'], ['current_user']]))
  })
})

describe('reading what is no expression', () => {
  it.each([
    ['cost +', 'syntax error at or near ")"'],
    ['', 'syntax error at or near ")"'],
    ['1) + (2', 'it is more than one expression'],
    ['1); drop table runs; select (1', 'it is more than one expression'],
    ['a) from runs where (true', 'it is more than one expression'],
    ['/* cost', 'unterminated /* comment at or near "/* cost\n)"'],
  ])('refuses %j', (text, reason) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: 'sql_syntax',
        message: `The expression ${JSON.stringify(text)} does not parse: ${reason}.`,
        remedy: 'Write one SQL expression, as it could stand in a SELECT.',
      }),
    )
  })

  it('reads a deeply nested expression or says that it is too deep', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}cost${')'.repeat(depth)}`
    expect(parse(nested(1000)).uses).toHaveLength(1)
    expect(() => parse(nested(100_000))).toThrow(expect.objectContaining({ code: 'sql_syntax' }))
    expect(parse(`cost${' + cost'.repeat(3000)}`).uses).toHaveLength(3001)
  })
})

describe('volatility', () => {
  const routine = { kind: 'function', schema: 'app', name: 'roll', volatility: 'volatile' } as const
  const catalog = { ...emptyCatalog('postgres'), routines: [routine] } as never

  it.each([
    'random()',
    'GEN_RANDOM_UUID()',
    'uuidv7()',
    "nextval('s')",
    'clock_timestamp()',
    'pg_catalog.random()',
    'roll()',
    'app.roll() + 1',
  ])('holds for %s', (text) => {
    expect(isVolatile(parse(text), catalog)).toBe(true)
  })

  it.each(['now()', 'current_timestamp', 'lower(data)', 'other.roll()', 'app.random()', '"RANDOM"()'])(
    'does not hold for %s',
    (text) => {
      expect(isVolatile(parse(text), catalog)).toBe(false)
    },
  )
})

describe('problems of an expression', () => {
  it.each([
    ['runs.csot', [runs], 'There is no column runs.csot.', 'Did you mean runs.cost?', 0],
    ['1 + csot', [runs], 'There is no column csot in runs.', 'Did you mean cost?', 4],
    ['rnus.cost', [runs], 'There is no table rnus here: the expression sees runs.', 'Did you mean runs.cost?', 0],
    [
      'runs.zzzzzzz',
      [runs],
      'There is no column runs.zzzzzzz.',
      'Name a column that the table has at this place of the migration.',
      0,
    ],
    [
      'zzzz.cost',
      [runs, notes],
      'There is no table zzzz here: the expression sees runs and notes.',
      'Name a column of runs or notes.',
      0,
    ],
    ['run_id = id', [runs, notes], 'Both runs and notes have a column id.', 'Write runs.id or notes.id.', 9],
    [
      'run_id = notes.id',
      [notes, notes],
      'Both rows are called notes, so run_id can be the column of either.',
      'Move the value by way of a column of another table.',
      0,
    ],
    [
      '(select u.user from u where u.name = current_user and u.id = id)',
      [runs],
      'The expression reads a table, so it is evaluated as the migrating role, which current_user would name.',
      'Leave out current_user, or leave out the sub-query.',
      37,
    ],
  ])('tells what is wrong with %s', (text, rows, message, remedy, offset) => {
    expect(problemsOfExpression(parse(text), rows)[0]).toEqual({ message, remedy, offset })
  })

  it.each(['cost', 'to_jsonb(runs)', 'runs.*', 'current_user', '(select nme from users u where u.x = unknown.y)'])(
    'finds nothing in %s',
    (text) => {
      expect(problemsOfExpression(parse(text), [runs])).toEqual([])
    },
  )
})

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('on $name', (engine) => {
  it('gives what the expression gives over the row itself', async () => {
    await using db = await openDatabase(await engine.freshUrl())
    await using session = await db.session()
    await session.script(`
      create table runs (id bigint, tmp_cost numeric, mine text, data text);
      insert into runs values (1, 2.5, 'x', 'de'), (2, 3, null, 'f');
      create table notes (id bigint, run_id bigint, body text);
      insert into notes values (7, 1, 'a'), (8, 1, 'b')`)
    for (const text of [
      'cost * 2 + id',
      `"My ""Column" || upper(runs.data)`,
      "(select string_agg(body, ',' order by id) from notes where run_id = runs.id)",
      'to_jsonb(runs)',
      'runs is null',
      '(runs).cost',
      `coalesce(runs."My ""Column", 'none') -- comment`,
    ]) {
      const rendered = await session.query(sql`select ${raw(overRuns(text))} as value from runs r order by id`)
      const view = sql`select id, tmp_cost as cost, mine as "My ""Column", data from runs`
      const expected = await session.query(
        sql`select (${raw(`${text}\n`)}) as value from (${view}) as runs order by id`,
      )
      expect(rendered, text).toEqual(expected)
    }
  })
})

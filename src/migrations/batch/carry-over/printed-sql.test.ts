import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../../test/harness/engines.ts'
import { type Catalog, introspect } from '../../../catalog/catalog.ts'
import { type Database, openDatabase, raw, type Session, sql } from '../../../database/database.ts'
import { loadParser, type Parser } from '../../sql/parser.ts'
import { mentions, relationKey, rewritePrinted } from './printed-sql.ts'

let parser: Parser
beforeAll(async () => {
  parser = await loadParser()
})

const runs = { schema: 'app', name: 'runs' }
const columns = new Map([
  ['cost', 'new cost'],
  ['é "x"', 'y'],
])
const expression = (text: string, row = runs) =>
  rewritePrinted({ text, kind: 'expression', row }, { table: runs, columns }, parser)
const query = (text: string) => rewritePrinted({ text, kind: 'query', row: null }, { table: runs, columns }, parser)

describe('Renaming columns in printed SQL', () => {
  test.each([
    ['(cost > 1)', '("new cost" > 1)'],
    ['(runs.cost > 1)', '(runs."new cost" > 1)'],
    [`('cost é' <> "é ""x""")`, `('cost é' <> "y")`],
    ['(notes.cost > tag)', '(notes.cost > tag)'],
    ['(cost)::text', '("new cost")::text'],
    [
      '(EXISTS ( SELECT 1 FROM app.runs runs_1 WHERE (runs_1.cost = runs.cost)))',
      '(EXISTS ( SELECT 1 FROM app.runs runs_1 WHERE (runs_1."new cost" = runs."new cost")))',
    ],
    ['( SELECT n.cost FROM app.notes n)', '( SELECT n.cost FROM app.notes n)'],
    ['( SELECT max(cost) AS max FROM other.runs)', '( SELECT max(cost) AS max FROM other.runs)'],
    ['(EXISTS ( SELECT 1 WHERE (runs.cost > 1)))', '(EXISTS ( SELECT 1 WHERE (runs."new cost" > 1)))'],
  ])('gives for the expression %s', (text, expected) => {
    expect(expression(text).text).toBe(expected)
    expect(expression(text).unclear).toEqual(new Set())
  })

  test.each([
    ['SELECT cost FROM app.runs ORDER BY cost', 'SELECT "new cost" AS "cost" FROM app.runs ORDER BY "new cost"'],
    ['SELECT r.cost AS x FROM app.runs r', 'SELECT r."new cost" AS x FROM app.runs r'],
    [
      'SELECT s.cost FROM ( SELECT runs.cost FROM app.runs) s',
      'SELECT s.cost FROM ( SELECT runs."new cost" AS "cost" FROM app.runs) s',
    ],
    [
      'WITH runs AS ( SELECT notes.cost FROM app.notes) SELECT runs.cost FROM runs',
      'WITH runs AS ( SELECT notes.cost FROM app.notes) SELECT runs.cost FROM runs',
    ],
    [
      'SELECT cost FROM app.notes UNION ALL SELECT cost FROM app.runs',
      'SELECT cost FROM app.notes UNION ALL SELECT "new cost" AS "cost" FROM app.runs',
    ],
    [
      'SELECT r.id FROM (app.runs r JOIN LATERAL ( SELECT r.cost) l ON ((l.cost = r.cost)))',
      'SELECT r.id FROM (app.runs r JOIN LATERAL ( SELECT r."new cost" AS "cost") l ON ((l.cost = r."new cost")))',
    ],
  ])('gives for the query %s', (text, expected) => {
    expect(query(text).text).toBe(expected)
    expect(query(text).unclear).toEqual(new Set())
  })

  test.each([
    'SELECT id FROM (app.runs JOIN app.notes USING (cost))',
    'SELECT r.a FROM app.runs r(a, b), app.notes WHERE (r.cost > 1)',
    'SELECT j.cost FROM (app.runs JOIN app.notes ON (true)) j',
    'SELECT cost FROM app.runs, app.notes',
  ])('says that it cannot for %s', (text) => {
    expect(query(text)).toEqual({
      text,
      uses: new Set(['cost']),
      unclear: new Set(['cost']),
      reads: expect.any(Set) as Set<string>,
    })
  })

  test('says of SQL that it cannot read which columns that may concern', () => {
    expect(expression('cost + + "é ""x""" )(')).toMatchObject({
      uses: new Set(['cost', 'é "x"']),
      unclear: new Set(['cost', 'é "x"']),
    })
  })

  test('tells which relations a query reads, and puts others in their places under the old names', () => {
    const text = 'SELECT v.a, w.b FROM app.v, app.w w, v v2'
    const relations = new Map([
      [relationKey({ schema: 'app', name: 'v' }), { schema: 'app', name: 'v new' }],
      [relationKey({ schema: 'app', name: 'w' }), { schema: 'b', name: 'x' }],
    ])
    const rewritten = rewritePrinted({ text, kind: 'query', row: null, relations }, { table: runs, columns }, parser)
    expect(rewritten.text).toBe('SELECT v.a, w.b FROM "app"."v new" AS "v", "b"."x" w, v v2')
    expect([...rewritten.reads]).toEqual(['["app","v"]', '["app","w"]'])
  })

  test('finds words and quoted names, but not within strings', () => {
    expect(mentions(`select Cost from "a ""b"`, ['cost', 'a "b'])).toBe(true)
    expect(mentions(`select 'cost'`, ['cost'])).toBe(false)
  })
})

const targets = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

// Queries in which a column is called the same in several places.
const queries = [
  'select * from app.runs',
  'select r, r.cost + n.cost as cost from app.runs r join app.notes n on n.id = r.id',
  'select cost, count(*) over (partition by cost order by id) from app.runs',
  'select cost from app.runs group by cost having max(cost) > 1 order by cost desc',
  'select distinct on (cost) cost, (select max(cost) from app.notes n where n.cost = runs.cost) from app.runs',
  'with recursive t(cost) as (select cost from app.runs union all select t.cost + 1 from t where t.cost < 3) select * from t',
  'select (select cost), array(select cost from app.runs r2 where r2.cost <> runs.cost) from app.runs',
  'select n.cost from app.notes n where exists (select from app.runs where runs.cost = n.cost)',
  'select cost from app.runs union (select cost from app.notes order by cost limit 1) order by cost',
  'select a.cost, b.cost as other from app.runs a cross join lateral (select a.cost from app.runs where cost > a.cost) b',
  'select case cost when 1 then cost end, coalesce(cost, id), cost::text, (cost, id) is null as none from app.runs',
  'select j.id from (select runs.id, runs.cost from app.runs left join app.notes on runs.cost = notes.cost) j where j.cost > 1',
  'select cost from app.runs tablesample system (50) for update',
  'select g.cost from app.runs, generate_series(1, runs.cost) as g(cost)',
]

describe.each(targets)('On $name, a view printed and rewritten', (target) => {
  let database: Database
  let session: Session

  beforeAll(async () => {
    database = await openDatabase(await target.freshUrl())
    session = await database.session()
    await session.script(
      'create schema app; create table app.runs (id int, cost int); create table app.notes (id int, cost int);',
    )
  })
  afterAll(async () => {
    await session.close()
    await database.close()
  })

  const view = async (name: string) => {
    const catalog: Catalog = await introspect(session, 'postgres', { schemas: ['app'] })
    const found = catalog.views.find((each) => each.name === name)
    if (found === undefined) throw new Error(`There is no view ${name}.`)
    return found
  }

  test.each(queries)('reads the renamed column as the server has it: %s', async (text) => {
    await session.query(sql`create view app.v as ${raw(text)}`)
    const { definition } = await view('v')
    const renamed = { table: runs, columns: new Map([['cost', 'new cost']]) }
    const printed = { text: definition.replace(/;$/, ''), kind: 'query', row: null } as const
    const rewritten = rewritePrinted(printed, renamed, parser)
    await session.query(sql`alter table app.runs rename cost to "new cost"`)
    const expected = await view('v')
    await session.query(sql`create view app.rewritten as ${raw(rewritten.text)}`)
    const made = await view('rewritten')
    await session.script('drop view app.v, app.rewritten; alter table app.runs rename "new cost" to cost')
    expect({ ...made, name: 'v' }).toEqual(expected)
    expect(rewritten.uses).toEqual(new Set(['cost']))
    expect(rewritten.unclear).toEqual(new Set())
  })
})

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { seedWorld, type SeedWorld } from '../../test/harness/seed-world.ts'
import { MetastoreError } from '../errors.ts'
import { applySeeds } from './seeds.ts'

let world: SeedWorld

beforeAll(async () => {
  world = await seedWorld(
    { freshUrl: () => freshPostgresUrl(18) },
    `create table tenants (id integer primary key, name text, data jsonb);
     create table agents (id integer primary key, tenant_id integer not null references tenants);`,
  )
})
afterAll(() => world.close())
beforeEach(() => world.clear())

async function told(files: Readonly<Record<string, string | Uint8Array>>): Promise<readonly string[]> {
  for (const [name, text] of Object.entries(files)) world.write(name, text)
  try {
    await applySeeds(world.options())
  } catch (error) {
    if (!(error instanceof MetastoreError)) throw error
    expect(await world.rows('select id from tenants union all select id from agents')).toEqual([])
    const lines = [`${error.where}: ${error.message}`, `  ${error.remedy}`, ...error.details]
    return lines.map((line) => line.replaceAll('seeds/', ''))
  }
  throw new Error('It should have failed.')
}

const from = (name: string) => `table: tenants\nkey: [id]\nrows_from: ${name}\n`

test('lines that are no JSON, or hold a cell that there is not, are told and never taken for empty', async () => {
  const lines = ['{"id":1,"name":"a\tb"}', '{"id":2,"name":"a\\qb"}', '{"id":3,"name":{"$foo":1}}', 'no', '{"id":4}']
  expect(await told({ 's.yaml': from('d/rows.jsonl'), 'd/rows.jsonl': lines.join('\n') })).toEqual([
    'd/rows.jsonl:1:16: The text is not valid JSON: invalid character.',
    '  Write one object on each line.',
    '3 more problems:',
    'd/rows.jsonl:2:16: The text is not valid JSON: invalid escape character.',
    '  Write one object on each line.',
    'd/rows.jsonl:3:1: There is no special cell $foo.',
    '  JSON that begins with a $ is written { "$literal": … }.',
    'd/rows.jsonl:4:1: The text is not valid JSON: invalid symbol.',
    '  Write one object on each line.',
  ])
})

test('of a file of nothing but broken lines fifty are told', async () => {
  const text = await told({ 's.yaml': from('d/rows.jsonl'), 'd/rows.jsonl': 'x\n'.repeat(60) })
  expect(text).toHaveLength(2 + 1 + 2 * 49)
})

test('rows of a script that cannot be understood are told by their number', async () => {
  const row = '{ id: 1, name: { $encrypt: true } }'
  const text = await told({
    's.ts': `export default { table: 'tenants', rows: function* () { yield ${row}; yield 5 } }`,
  })
  expect(text).toEqual([
    's.ts: row 1: $encrypt needs a text, a variable or a file.',
    '  Write { "$encrypt": { "$env": "NAME" } } or { "$encrypt": "…" }.',
    'One more problem:',
    's.ts: row 2: A row must be cells by column.',
    '  Write { "column": value }.',
  ])
})

test.each([
  [
    `rows: function* () { yield { id: 1 }; throw new Error('boom') }`,
    's.ts: row 2: The seed script threw an error while it made rows: boom',
    'Mend the script and run again; nothing of this file was kept.',
  ],
  [
    'rows: () => 5',
    's.ts: row 1: The seed script threw an error while it made rows: rows returns no rows: make it a generator, or let it return a list.',
    'Mend the script and run again; nothing of this file was kept.',
  ],
  [
    `rows: [{ id: 1, name: new Date('never') }]`,
    's.ts: The script gives something that no data file could hold, such as a function or a date that is none.',
    'Give texts, numbers, booleans, nulls, dates, bytes, lists and objects of these.',
  ],
])('a script with %s is told as one that is wrong', async (rows, message, remedy) => {
  expect(await told({ 's.ts': `export default { table: 'tenants', ${rows} }` })).toEqual([message, `  ${remedy}`])
})

test('a statement that fails in a script is told with its file', async () => {
  const text = await told({ 's.ts': 'export default ({ db, sql }) => db.query(sql`select * from nowhere`)' })
  expect(text[0]).toBe('s.ts: relation "nowhere" does not exist.')
})

test.each([
  [
    'semicolons',
    'id;name\n1;a\n',
    'd/rows.csv:1:1: The columns of the first line are separated by semicolons, not by commas.',
  ],
  ['tabs', 'id\tname\n1\ta\n', 'd/rows.csv:1:1: The columns of the first line are separated by tabs, not by commas.'],
  ['UTF-16', Buffer.from('\ufeffid,name\n', 'utf16le'), 'd/rows.csv: d/rows.csv is UTF-16 text, not UTF-8.'],
])('what a spreadsheet writes with %s is told for what it is', async (_what, rows, message) => {
  expect((await told({ 's.yaml': from('d/rows.csv'), 'd/rows.csv': rows }))[0]).toBe(message)
})

test('commas that a spreadsheet adds behind the settings are none of them, and each expectation holds', async () => {
  world.write(
    's.csv',
    '# table: tenants,,\r\n# expect: tenants 1,,\r\n# expect: agents 1,,\r\nid,name,data\r\n1,a,\r\n',
  )
  await expect(applySeeds(world.options())).rejects.toMatchObject({
    details: ['seeds/s.csv:3:1: agents: expected 1 row, found 0 rows'],
  })
  await world.rows('truncate tenants, agents')
})

test('settings that are given twice, or nearly so called, are told', async () => {
  expect(await told({ 's.sql': '-- environment: prod\n-- table: a\n-- table: b\nselect 1' })).toEqual([
    's.sql:1:1: There is no setting environment here.',
    '  Did you mean -- environments: prod?',
    'One more problem:',
    's.sql:3:1: The setting table is given twice.',
    '  Write it once.',
  ])
})

test('files that cannot be read at all are told together', async () => {
  const files = {
    'a.yaml': from('d/none.csv'),
    'b.toml': 'a = ',
    'c.sql': 'select 1 fro m;',
    'd.ts': 'export default {{',
  }
  expect((await told(files)).filter((line) => !line.startsWith('  '))).toEqual([
    'a.yaml:3:12: The file d/none.csv does not exist.',
    '3 more problems:',
    'b.toml:1:5: The text is not valid TOML: invalid value.',
    'c.sql:1:14: PostgreSQL cannot parse this statement: syntax error at or near "m".',
    'd.ts:1:17: The seed script does not compile: Expected identifier but found "{".',
  ])
})

test('rows that refer to rows with something wrong are not told as well', async () => {
  const text = await told({
    '1.csv': '# table: tenants\nid,name\n1,a\n2\n',
    '2.json': '{"table":"agents","rows":[{"id":1,"tenant_id":1}]}',
    '3.json': '{"table":"agents","key":["id"],"rows":[{"id":2,"tenant_id":1,"nmae":"x"}]}',
  })
  expect(text.filter((line) => !line.startsWith('  '))).toEqual([
    '1.csv:4:1: The row has 1 field, and the header 2.',
    'One more problem:',
    '3.json:1:69: The table agents has no column nmae.',
  ])
})

test('an SQL seed that begins or ends a transaction is refused before it runs', async () => {
  const text =
    '-- as psql had it\nbegin;\nsavepoint a;\nrollback to a;\n/* all */ commit;\nStart  Transaction;\nROLLBACK;\n'
  const message = 'A seed is one transaction as a whole, and begins and ends none itself.'
  expect(await told({ 's.sql': `insert into tenants values (1);\n${text}` })).toEqual([
    `s.sql:3:1: ${message}`,
    '  Remove BEGIN.',
    '3 more problems:',
    `s.sql:6:11: ${message}`,
    '  Remove COMMIT.',
    `s.sql:7:1: ${message}`,
    '  Remove START TRANSACTION.',
    `s.sql:8:1: ${message}`,
    '  Remove ROLLBACK.',
  ])
})

test('a list of no rows is one: a sync by it empties the table', async () => {
  await world.rows('insert into tenants values (1), (2)')
  const none = { 'a.json': '{"table":"agents","rows":[]}', 'b.json': '{"table":"tenants","mode":"sync","rows":[]}' }
  for (const [name, text] of Object.entries(none)) world.write(name, text)
  const { files } = await applySeeds(world.options())
  expect(files.map(({ counts }) => Object.values(counts))).toEqual([
    [0, 0, 0, 0],
    [0, 0, 0, 2],
  ])
  world.write('b.json', '{"table":"tenants","mode":"sync","key":["id"],"rows":[]}')
  expect((await applySeeds(world.options())).files.at(-1)?.counts.removed).toBe(0)
})

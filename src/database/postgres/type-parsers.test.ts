import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPostgresUrl, postgresVersions } from '../../../test/harness/engines.ts'
import { type Database, literal, openDatabase, raw, type Session, sql } from '../database.ts'
import { typeParsers } from './type-parsers.ts'

let db: Database
let session: Session

beforeAll(async () => {
  db = await openDatabase(await freshPostgresUrl(18))
  session = await db.session()
})
afterAll(() => db.close())

test.each([
  ['smallint', '-32768', -32768],
  ['integer', '42', 42],
  ['bigint within 2^53', '9007199254740991::bigint', 9007199254740991],
  ['bigint beyond 2^53', '9007199254740993::bigint', 9007199254740993n],
  ['the least bigint', `'-9223372036854775808'::bigint`, -9223372036854775808n],
  ['numeric', '12345678901234567890.123456789::numeric', '12345678901234567890.123456789'],
  ['float8', '0.1::float8', 0.1],
  ['float8 infinity', `'-Infinity'::float8`, -Infinity],
  ['float4', '1.5::float4', 1.5],
  ['boolean', 'false', false],
  ['null', 'null::int', null],
  ['text', `'héllo ✓ 🐘'`, 'héllo ✓ 🐘'],
  ['json', `'{"a": [1, null, "x"]}'::json`, { a: [1, null, 'x'] }],
  ['jsonb null', `'null'::jsonb`, null],
  ['uuid', `'6f0e7d2a-0000-4000-8000-000000000001'::uuid`, '6f0e7d2a-0000-4000-8000-000000000001'],
  ['date', `'2026-11-21'::date`, '2026-11-21'],
  ['time', `'12:34:56.5'::time`, '12:34:56.5'],
  ['interval', `'1 day 2 hours'::interval`, '1 day 02:00:00'],
  ['timestamptz', `'2026-11-21 12:00:00.123456+02'::timestamptz`, new Date('2026-11-21T10:00:00.123Z')],
  ['timestamptz before our era', `'0044-03-15 00:00:00+00 BC'::timestamptz`, new Date('-000043-03-15T00:00:00Z')],
  ['timestamptz in the far future', `'12026-01-01 00:00:00+00'::timestamptz`, new Date('+012026-01-01T00:00:00Z')],
  ['timestamptz infinity', `'infinity'::timestamptz`, Infinity],
  ['timestamp, as UTC', `'2026-11-21 12:00:00'::timestamp`, new Date('2026-11-21T12:00:00Z')],
  ['empty array', `'{}'::int[]`, []],
  ['int array', `array[1, null, 3]`, [1, null, 3]],
  [
    'nested array',
    `array[[1, 2], [3, 4]]`,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['array with bounds', `'[0:1]={7,8}'::int[]`, [7, 8]],
  ['bigint array', `array[1, 9007199254740993]::bigint[]`, [1, 9007199254740993n]],
  ['numeric array', `array[1.10, 2.0]::numeric[]`, ['1.10', '2.0']],
  [
    'text array',
    `array['a', 'b,c', 'say "hi"', E'back\\\\slash', 'NULL', '', null, '{}']`,
    ['a', 'b,c', 'say "hi"', 'back\\slash', 'NULL', '', null, '{}'],
  ],
  ['name array', `array['a', 'b']::name[]`, ['a', 'b']],
  ['jsonb array', `array['{"a":1}', '[2]']::jsonb[]`, [{ a: 1 }, [2]]],
  ['boolean array', `array[true, false]`, [true, false]],
  ['timestamptz array', `array['2026-01-01 00:00:00+00']::timestamptz[]`, [new Date('2026-01-01T00:00:00Z')]],
])('%s is read as JavaScript has it', async (_, expression, expected) => {
  const [row] = await session.query<{ v: unknown }>(sql`select ${raw(expression)} as v`)
  expect(row).toEqual({ v: expected })
})

test.each(['hex', 'escape'])('bytes survive whatever bytea_output is (%s)', async (output) => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
  await session.query(sql`set bytea_output = ${literal(output)}`)
  const [row] = await session.query<{ v: Uint8Array; a: Uint8Array[] }>(
    sql`select ${bytes}::bytea as v, array[${bytes}::bytea] as a`,
  )
  expect(row?.v).toBeInstanceOf(Uint8Array)
  expect([...(row?.v ?? [])]).toEqual([...bytes])
  expect([...(row?.a[0] ?? [])]).toEqual([...bytes])
})

test.each([
  ['text', "quote ' backslash \\ dollar $1 newline \n 🐘"],
  ['integer', 42],
  ['float8', -0.1],
  ['bigint', 9007199254740993n],
  ['boolean', true],
  ['timestamptz', new Date('2026-11-21T10:00:00.123Z')],
  ['timestamptz', new Date('-000043-03-15T00:00:00Z')],
  ['timestamptz', new Date('0000-06-01T00:00:00Z')],
  ['timestamptz', new Date('+012026-01-01T00:00:00Z')],
  ['text', null],
] as const)('a value bound as %s comes back the same (%s)', async (type, value) => {
  const [row] = await session.query<{ v: unknown }>(sql`select ${value}::${raw(type)} as v`)
  expect(row).toEqual({ v: value })
})

test('a time zone of the session with an odd offset does not shift times', async () => {
  await session.query(sql`set timezone = 'Asia/Kathmandu'`)
  const time = new Date('1890-05-05T05:05:05Z')
  const [row] = await session.query<{ v: Date }>(sql`select ${time}::timestamptz as v`)
  await session.query(sql`reset timezone`)
  expect(row?.v).toEqual(time)
})

test('a DateStyle that JavaScript cannot read is an error, not a wrong time', async () => {
  await session.query(sql`set datestyle = 'German'`)
  await expect(session.query(sql`select '2026-11-21 10:00:00+00'::timestamptz`)).rejects.toMatchObject({
    code: 'not_supported',
    message: expect.stringMatching(
      /^The database wrote a time as 21\.11\.2026 .*, which is not in the ISO style\.$/,
    ) as string,
    remedy: 'Set DateStyle to ISO for this role or database, or in its URL with options=-c%20DateStyle=ISO.',
  })
  await session.query(sql`reset datestyle`)
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})

test('a column may have any name, also that of the prototype', async () => {
  const [row] = await session.query(sql`select 1 as "__proto__", 2 as constructor`)
  expect(Object.entries(row ?? {})).toEqual([
    ['__proto__', 1],
    ['constructor', 2],
  ])
})

test.each(postgresVersions)(
  'every array of a built-in type of PostgreSQL $version is read as an array',
  async ({ freshUrl }) => {
    await using old = await openDatabase(await freshUrl())
    await using reader = await old.session()
    // Boxes are separated by semicolons; rows of system tables (typtype c) are not read as arrays.
    const arrays = await reader.query<{ oid: number; name: string }>(sql`
    select a.oid, format_type(a.oid, null) as name
    from pg_type t
    join pg_type a on a.oid = t.typarray
    where t.typtype in ('b', 'r', 'm') and t.typdelim = ',' and a.oid < 10000 `)
    expect(arrays.length).toBeGreaterThan(50)
    expect(arrays.filter(({ oid }) => !typeParsers.has(oid)).map(({ oid, name }) => `${oid} ${name}`)).toEqual([])
  },
)

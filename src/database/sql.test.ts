import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fc } from '../../test/harness/properties.ts'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { MetastoreError } from '../errors.ts'
import { type Database, id, join, literal, openDatabase, raw, type Session, sql } from './database.ts'

test('a value becomes a placeholder, in the spelling of the dialect', () => {
  const statement = sql`select ${1} where ${'a'} is not null and ${null} is null`
  expect(statement.bind('postgres')).toEqual({
    text: 'select $1 where $2 is not null and $3 is null',
    values: [1, 'a', null],
  })
  expect(statement.bind('sqlite')).toEqual({
    text: 'select ? where ? is not null and ? is null',
    values: [1, 'a', null],
  })
})

test('a piece of SQL is put in as it is, with its values in order', () => {
  const condition = sql`b = ${2}`
  const statement = sql`select ${id('a', 'b"c')} from ${raw('t')} where a = ${1} and ${condition} and ${join([sql`c = ${3}`, sql`d`], ' or ')}`
  expect(statement.bind('postgres')).toEqual({
    text: 'select "a"."b""c" from t where a = $1 and b = $2 and c = $3 or d',
    values: [1, 2, 3],
  })
})

test('common indentation is removed, and what a plan prints reads like what was written', () => {
  const statement = sql`
    create table t (
      id int
    )`
  expect(statement.inline('postgres')).toBe('create table t (\n  id int\n)')
  expect(sql`select 1`.inline('postgres')).toBe('select 1')
  expect(
    sql`
    ${raw('select 1,\n  2')}
    from t
  `.inline('postgres'),
  ).toBe('select 1,\n  2\nfrom t')
})

test.each([
  ['text', "it's", `'it''s'`, `'it''s'`],
  ['backslash', 'a\\b', ` E'a\\\\b'`, `'a\\b'`],
  ['number', 1.5, '1.5', '1.5'],
  ['negative number', -1, '(-1)', '(-1)'],
  ['bigint', -9007199254740993n, '(-9007199254740993)', '(-9007199254740993)'],
  ['boolean', true, 'true', 'true'],
  ['null', null, 'null', 'null'],
  ['time', new Date(0), `'1970-01-01T00:00:00.000Z'`, `'1970-01-01T00:00:00.000Z'`],
  ['bytes', new Uint8Array([0, 255]), `'\\x00ff'::bytea`, `x'00ff'`],
])('a literal %s is written for each dialect', (_, value, postgres, sqlite) => {
  expect(literal(value).inline('postgres')).toBe(postgres)
  expect(literal(value).inline('sqlite')).toBe(sqlite)
  expect(literal(value).bind('postgres')).toEqual({ text: postgres, values: [] })
  expect(sql`${value}`.inline('sqlite')).toBe(sqlite)
})

test.each([
  [() => id(''), '"" cannot be a name in SQL.', 'Use a name of at least one character, without a zero byte.'],
  [
    () => id('a\0b'),
    '"a\\u0000b" cannot be a name in SQL.',
    'Use a name of at least one character, without a zero byte.',
  ],
  [
    () => literal('a\0b'),
    'A text with a zero byte cannot be written in SQL.',
    'Remove the zero byte, or store the value as bytes.',
  ],
  [() => literal(Number.NaN), 'The number NaN cannot be written in SQL.', 'Use a finite number.'],
  [() => literal(-Infinity), 'The number -Infinity cannot be written in SQL.', 'Use a finite number.'],
])('what cannot be written is refused: %s', (write, message, remedy) => {
  let failure: unknown
  try {
    write()
  } catch (error) {
    failure = error
  }
  expect(failure).toBeInstanceOf(MetastoreError)
  expect(failure).toMatchObject({ code: 'name_invalid', message, remedy })
})

describe('on a server', () => {
  let db: Database
  beforeAll(async () => {
    db = await openDatabase(await freshPostgresUrl(18))
  })
  afterAll(() => db.close())

  const hostile = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({
      unit: fc.constantFrom("'", '"', '\\', '$', ';', '-', '/', '*', 'E', 'x', '\n', '{', '}', '%', '?', '🐘'),
    }),
  )

  test.each(['on', 'off'])('any text and any name survive with standard_conforming_strings = %s', async (setting) => {
    await using session: Session = await db.session()
    await session.script(`set standard_conforming_strings = ${setting}; set escape_string_warning = off`)
    await fc.assert(
      fc.asyncProperty(
        hostile.filter((text) => !text.includes('\0')),
        // The server cuts a name off after 63 bytes.
        hostile.filter((name) => name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= 63),
        async (text, name) => {
          const statement = sql`select${literal(text)} as ${id(name)}, ${text}::text as bound`
          const [inline] = await session.query(raw(statement.inline('postgres')))
          const [bound] = await session.query(statement)
          expect(inline).toEqual(name === 'bound' ? { bound: text } : { [name]: text, bound: text })
          expect(bound).toEqual(inline)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a negative literal after a minus sign opens no comment', async () => {
    await using session = await db.session()
    expect(await session.query(sql`select 1 -${literal(-2)} as n`)).toEqual([{ n: 3 }])
  })
})

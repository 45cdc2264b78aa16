import { describe, expect, test } from 'vitest'
import { fc } from '../../../test/harness/properties.ts'
import type { Dialect } from '../../database/sql.ts'
import { isFailure, loadParser } from './parser.ts'
import { scanSql } from './scanner.ts'
import { splitStatements } from './split.ts'

const textsOf = (text: string, dialect: Dialect) =>
  scanSql(text, dialect).statements.map(({ start, end }) => text.slice(start, end))

describe.each(['postgres', 'sqlite'] as const)('the statements of a script (%s)', (dialect) => {
  test.each<[string, string, string[]]>([
    ['an empty text', '', []],
    ['blanks, comments and semicolons only', ' ;;\n-- a;\n/* b; */ ; ', []],
    ['a last statement without a semicolon', 'a;b', ['a', 'b']],
    ['a semicolon in a string', "select ';' ; b", ["select ';'", 'b']],
    ['a doubled quote in a string', "select 'it''s;' ; b", ["select 'it''s;'", 'b']],
    ['a semicolon in a quoted name', 'select ";" ; b', ['select ";"', 'b']],
    ['a doubled quote in a quoted name', 'select "a"";" ; b', ['select "a"";"', 'b']],
    ['a semicolon in a comment', 'select 1 -- ; \n + 2; b', ['select 1 -- ; \n + 2', 'b']],
    ['comments around a statement', '/* a */ select 1 /* b */ ; -- c', ['select 1']],
    ['a quote in a comment', "-- it's\nselect 1; /* it's */ b", ['select 1', 'b']],
    ['a comment right after an operator', 'select 1+-- ;\n2; b', ['select 1+-- ;\n2', 'b']],
    ['a quote in a hexadecimal string', "select x'00;' ; b", ["select x'00;'", 'b']],
    ['characters outside the BMP', "select '😀;' as 😀; b", ["select '😀;' as 😀", 'b']],
    ['CASE … END outside a body', 'select case when a then 1 end; b', ['select case when a then 1 end', 'b']],
  ])('%s', (_, text, statements) => {
    expect(textsOf(text, dialect)).toEqual(statements)
  })
})

test.each<[string, string, string[]]>([
  ['nested comments', '/* a /* b; */ c; */ select 1; d', ['select 1', 'd']],
  ['a dollar-quoted body', 'do $$ begin; end $$; b', ['do $$ begin; end $$', 'b']],
  ['a tag that the body holds in part', 'do $a$ $$; $b$; $a$; b', ['do $a$ $$; $b$; $a$', 'b']],
  ['dollar signs within a name', 'select a$$b; select c$$d', ['select a$$b', 'select c$$d']],
  ['a parameter', 'select $1; b', ['select $1', 'b']],
  ['escapes in an E string', "select E'\\';' ; b", ["select E'\\';'", 'b']],
  ['an E string that goes on in the next line', "select E'a'\n '\\';' ; b", ["select E'a'\n '\\';'", 'b']],
  ['no escapes in a plain string', "select '\\'; b", ["select '\\'", 'b']],
  ['no escapes in a name that ends in e', "select nae'\\'; b", ["select nae'\\'", 'b']],
  ['a Unicode string', "select U&'\\0041;' ; b", ["select U&'\\0041;'", 'b']],
  ['a comment that a lone CR ends', 'select 1 -- a\r; b', ['select 1', 'b']],
  [
    'a body of statements',
    'create function f() returns int begin atomic select 1; select case when a then 2 end; end; b',
    ['create function f() returns int begin atomic select 1; select case when a then 2 end; end', 'b'],
  ],
  [
    'END as an alias in a body of statements',
    'create or replace procedure f() begin atomic select 1 as end; select 2 end; end; b',
    ['create or replace procedure f() begin atomic select 1 as end; select 2 end; end', 'b'],
  ],
  [
    'an empty body of statements',
    'create procedure f() begin atomic end; b',
    ['create procedure f() begin atomic end', 'b'],
  ],
  ['BEGIN on its own', 'begin; select 1; end; b', ['begin', 'select 1', 'end', 'b']],
  [
    'the statements of a rule',
    'create or replace rule r as on insert to t do also (select 1; select 2); b',
    ['create or replace rule r as on insert to t do also (select 1; select 2)', 'b'],
  ],
  ['a parenthesis that is never closed', 'select (1; b', ['select (1', 'b']],
])('PostgreSQL: %s', (_, text, statements) => {
  expect(textsOf(text, 'postgres')).toEqual(statements)
})

test.each<[string, string, string[]]>([
  ['comments do not nest', '/* a /* b */ select 1; d', ['select 1', 'd']],
  ['names in backquotes and brackets', 'select `;`, [;]; b', ['select `;`, [;]', 'b']],
  ['a comment goes on over a lone CR', 'select 1 -- a\r; b', ['select 1']],
  ['parameters', 'select ?1, :a, @b, $c::d; b', ['select ?1, :a, @b, $c::d', 'b']],
  ['dollar signs quote nothing', 'select $a; select $b', ['select $a', 'select $b']],
  [
    'a trigger',
    'create trigger t after insert on a begin update b set c = case when 1 then 2 end; select 1; end; b',
    ['create trigger t after insert on a begin update b set c = case when 1 then 2 end; select 1; end', 'b'],
  ],
  [
    'a temporary trigger',
    'CREATE TEMP TRIGGER IF NOT EXISTS t BEFORE DELETE ON a BEGIN SELECT 1; END; b',
    ['CREATE TEMP TRIGGER IF NOT EXISTS t BEFORE DELETE ON a BEGIN SELECT 1; END', 'b'],
  ],
  ['a table named after a trigger', 'create table trigger_log (a); b', ['create table trigger_log (a)', 'b']],
])('SQLite: %s', (_, text, statements) => {
  expect(textsOf(text, 'sqlite')).toEqual(statements)
})

test('commands of psql are found, but not in strings, comments and bodies', () => {
  const text = "\\i a.sql\nselect '\\i', $$ \\i $$; -- \\i\n\\connect x\nselect 1 \\gexec\n"
  const { metaCommands } = scanSql(text, 'postgres')
  expect(metaCommands.map(({ start, end }) => text.slice(start, end))).toEqual(['\\i a.sql', '\\connect x', '\\gexec'])
})

test('commands of the sqlite3 shell are found at the beginning of a line, between statements', () => {
  const text = '.read a.sql\nselect a\n.b;\n .c'
  const { metaCommands } = scanSql(text, 'sqlite')
  expect(metaCommands.map(({ start, end }) => text.slice(start, end))).toEqual(['.read a.sql'])
})

test('the rows after COPY … FROM stdin are no statements', () => {
  const text = "copy t (a) from stdin;\nit's; 1\n\\.\nselect 1;"
  const { statements, metaCommands, unclosed } = scanSql(text, 'postgres')
  expect(statements.map(({ start, end }) => text.slice(start, end))).toEqual(['copy t (a) from stdin', 'select 1'])
  expect([metaCommands, unclosed]).toEqual([[], undefined])
})

test.each([
  ["select 'a", 'string', 7],
  ['select "a', 'name', 7],
  ['select 1 /* a', 'comment', 9],
  ['select $a$ $$', 'string', 7],
  ["select E'\\'", 'string', 7],
])('what never ends in %j is told', (text, kind, start) => {
  expect(scanSql(text, 'postgres').unclosed).toMatchObject({ kind, start })
})

test('a comment knows whether it has its line to itself, and whether it is inside a statement', () => {
  const text = '-- a\nselect 1; -- b\n  -- c\r\n/* d */\ncreate table t (\n-- e\n);\n'
  const comments = scanSql(text, 'postgres').comments.map(({ start, end, ownLine, nested }) => ({
    text: text.slice(start, end),
    ownLine,
    nested,
  }))
  expect(comments).toEqual([
    { text: '-- a', ownLine: true, nested: false },
    { text: '-- b', ownLine: false, nested: false },
    { text: '-- c', ownLine: true, nested: false },
    { text: '/* d */', ownLine: false, nested: false },
    { text: '-- e', ownLine: true, nested: true },
  ])
})

test('a statement tells its first words', () => {
  const wordsOf = (text: string) => scanSql(text, 'postgres').statements[0]?.words
  expect(wordsOf('CREATE /* x */ Unique INDEX concurrently "a" on t (b)')).toEqual([
    'create',
    'unique',
    'index',
    'concurrently',
  ])
  expect(wordsOf('a b c d e f g h')).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  expect(wordsOf("'x' a")).toEqual([])
})

const signs = ["'", '"', '$', '$a$', '$$', '--', '/*', '*/', '\n', '\r', ';', '(', ')', '\\', 'E', 'U&', '`', '[', ']']
const words = [
  'begin',
  ' atomic',
  ' end',
  'create',
  ' function',
  ' trigger',
  ' ',
  'x',
  '1',
  '.',
  ':',
  'copy',
  ' from stdin',
]
const anything = fc.string({
  unit: fc.constantFrom(...signs, ...words, '😀', 'é'),
  maxLength: 40,
})

test.each(['postgres', 'sqlite'] as const)(
  'statements and the gaps between them are the whole text (%s)',
  (dialect) => {
    fc.assert(
      fc.property(anything, (text) => {
        const { statements, comments, metaCommands } = scanSql(text, dialect)
        let end = 0
        for (const statement of statements) {
          expect(statement.start).toBeGreaterThanOrEqual(end)
          expect(statement.end).toBeGreaterThan(statement.start)
          expect(statement.terminator ?? statement.end).toBeGreaterThanOrEqual(statement.end)
          end = statement.data?.end ?? statement.terminator ?? statement.end
        }
        expect(end).toBeLessThanOrEqual(text.length)
        for (const range of [...comments, ...metaCommands]) expect(range.end).toBeGreaterThan(range.start)
      }),
      { numRuns: 5_000 },
    )
  },
)

const gap = fc.constantFrom(' ', '\n', '\r\n', '\t', ' -- é;😀\n', '/* ; */', '/* /* ; 😀 */ ; */', "-- it's\n")
const values = ["'a'", "'it''s;'", "'😀;é'", "E'\\';\\\\'", "E'a'\n'\\';'", "U&'\\0041;'", "x'00'", '$1']
const value = fc.constantFrom(...values, '$$ ; $$', "$a$ $$ ' ; $a$", '$é$ ; $é$')
const name = fc.constantFrom('a', '"a;"', '"é😀"', 'a$b', '日本', '"it""s;"', 'ée')
const statement = fc
  .tuple(fc.constantFrom('select', 'body', 'rule', 'table', 'case'), gap, gap, value, name)
  .map(([kind, g1, g2, v, n]) => {
    switch (kind) {
      case 'body':
        return `create function f()${g1}returns int${g2}begin${g1}atomic select ${v};${g2}select case when ${n} is null then 1 end; end`
      case 'rule':
        return `create rule r as on insert to ${n} do also${g1}(select ${v};${g2}select 1)`
      case 'table':
        return `create${g1}table ${n} (a text default${g2}${v === '$1' ? '1' : v})`
      case 'case':
        return `select${g1}case${g2}when true then ${v} end as ${n}`
      default:
        return `select${g1}${v}${g2}as${g1}${n}`
    }
  })
const script = fc
  .array(fc.tuple(gap, fc.option(statement, { freq: 6 }), gap), { maxLength: 6 })
  .map((parts) => parts.map(([before, text, after]) => `${before}${text ?? ''}${after}`).join(';'))

test("the scanner splits a script as PostgreSQL's own parser does", async () => {
  const parser = await loadParser()
  await fc.assert(
    fc.asyncProperty(script, async (text) => {
      const parsed = parser.parse(text)
      if (isFailure(parsed)) throw new Error(`${parsed.message} in ${JSON.stringify(text)}`)
      const statements = await splitStatements(text, 'postgres')
      expect(textsOf(text, 'postgres')).toEqual(statements.map((one) => one.text))
      for (const one of statements) expect(text.slice(one.offset, one.end)).toBe(one.text)
    }),
    { numRuns: 1_000 },
  )
})

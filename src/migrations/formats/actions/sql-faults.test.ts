import { describe, expect, test } from 'vitest'
import { sqlFaults } from './sql-faults.ts'
import type { SqlKind } from './schema.ts'

async function faults(kind: SqlKind, text: string): Promise<string[]> {
  return (await sqlFaults(kind, text)).map(
    ({ code, offset, verdict, remedy }) => `${code} ${offset}: ${verdict}. ${remedy}`,
  )
}

test.each<[SqlKind, string]>([
  ['expression', 'a'],
  ['expression', "split_part(agent, '/', 1)"],
  ['expression', '(cost * 100)::int'],
  ['expression', '(a, b)'],
  ['expression', 'row(a, b)'],
  ['expression', 'select max(id) from runs'],
  ['expression', '(select count(*) from messages m where m.id < messages.id)'],
  ['expression', 'count(*) over (partition by a order by b)'],
  ['expression', "';' || ')' || $$ new.x ; ) $$"],
  ['expression', 'a -- why\n + b\n'],
  ['expression', 'a /* new.b */'],
  ['expression', '"new".a + renew.b + new + old'],
  ['expression', 'x.new.y'],
  ['expression', 'é || 日本'],
  ['type', 'NUMERIC(12,2)'],
  ['type', 'TEXT[]'],
  ['type', 'timestamp (3) with time zone'],
  ['type', 'double precision'],
  ['type', '"My Type"'],
  ['type', 'app.mode'],
  ['type', 'BIGSERIAL'],
  ['type', 'TEXT COLLATE "C"'],
  ['type', 'interval year to month'],
  ['generation', 'ALWAYS AS IDENTITY'],
  ['generation', 'BY DEFAULT AS IDENTITY (START WITH 10)'],
  ['generation', 'ALWAYS AS (a + b) STORED'],
  ['query', 'select id, 1 as value from runs'],
  ['query', 'with x as (select 1 as id) select id, id as value from x;'],
  ['query', 'values (1, 2)'],
  ['script', ''],
  ['script', 'create table a (b int); insert into a values (1);'],
  ['script', 'create function f() returns int language sql as $$ select 1; $$'],
])('%s: %s', async (kind, text) => {
  expect(await faults(kind, text)).toEqual([])
})

const more = (noun: string) =>
  `holds more than ${noun}. Write ${noun} and nothing else; statements belong into an action of type custom.`
const noParse = (noun: string, why: string) => `does not parse as ${noun}: ${why}. Correct the SQL at the mark.`

describe('is refused', () => {
  test.each<[SqlKind, string, string]>([
    ['expression', '', 'sql_syntax 0: is empty. Write an expression, or remove the key.'],
    ['expression', ' -- nothing\n', 'sql_syntax 0: is empty. Write an expression, or remove the key.'],
    ['expression', 'a; drop table x', `sql_syntax 1: ${more('an expression')}`],
    ['expression', 'a;', `sql_syntax 1: ${more('an expression')}`],
    ['expression', 'a, b', `sql_syntax 0: ${more('an expression')}`],
    [
      'expression',
      '1) , (2',
      'sql_syntax 1: closes a parenthesis that it does not open. Write an expression and nothing else; statements belong into an action of type custom.',
    ],
    [
      'expression',
      'a) from b where (true',
      'sql_syntax 1: closes a parenthesis that it does not open. Write an expression and nothing else; statements belong into an action of type custom.',
    ],
    ['expression', 'a as b', `sql_syntax 2: ${noParse('an expression', 'syntax error at or near "as"')}`],
    ['expression', 'a +', `sql_syntax 3: ${noParse('an expression', 'it ends too early')}`],
    ['expression', "'a", `sql_syntax 0: ${noParse('an expression', 'unterminated quoted string at or near "\'a)"')}`],
    ['expression', '日本 é selct', `sql_syntax 3: ${noParse('an expression', 'syntax error at or near "é"')}`],
    [
      'expression',
      'a -- why',
      'sql_syntax 2: ends in a comment, which would hide what follows it. Remove the comment, or put it before the end.',
    ],
    [
      'expression',
      'NEW.a + 1',
      'migration_invalid 0: names the row as NEW. Write the bare name of the column, without NEW and the point.',
    ],
    [
      'expression',
      'coalesce(old . a, 0)',
      'migration_invalid 9: names the row as old. Write the bare name of the column, without old and the point.',
    ],
    ['type', 'int, drop', `sql_syntax 0: ${more('a type')}`],
    ['type', 'int not null', `sql_syntax 8: ${noParse('a type', 'syntax error at or near "null"')}`],
    ['type', 'int unique', `sql_syntax 0: ${more('a type')}`],
    ['type', 'int from x', `sql_syntax 0: ${more('a type')}`],
    ['type', 'int::text', `sql_syntax 0: ${more('a type')}`],
    ['type', 'setof int', `sql_syntax 0: ${more('a type')}`],
    ['type', 'numeric(1', `sql_syntax 9: ${noParse('a type', 'it ends too early')}`],
    ['type', 'int; drop table x', `sql_syntax 3: ${more('a type')}`],
    ['generation', 'ALWAYS AS IDENTITY, d int', `sql_syntax 0: ${more('what follows GENERATED')}`],
    ['generation', 'ALWAYS AS IDENTITY NOT NULL', `sql_syntax 0: ${more('what follows GENERATED')}`],
    [
      'generation',
      'ALWAYS AS IDENTITY) INHERITS (x',
      'sql_syntax 18: closes a parenthesis that it does not open. Write what follows GENERATED and nothing else; statements belong into an action of type custom.',
    ],
    [
      'generation',
      'SOMETIMES',
      `sql_syntax 0: ${noParse('what follows GENERATED', 'syntax error at or near "SOMETIMES"')}`,
    ],
    ['generation', '', 'sql_syntax 0: is empty. Write what follows GENERATED, or remove the key.'],
    [
      'query',
      'delete from x',
      'sql_syntax 0: must be one query that only reads. Write a single SELECT, VALUES or WITH … SELECT.',
    ],
    [
      'query',
      'select 1; select 2',
      'sql_syntax 0: must be one query that only reads. Write a single SELECT, VALUES or WITH … SELECT.',
    ],
    [
      'query',
      'select 1 into x',
      'sql_syntax 0: must be one query that only reads. Write a single SELECT, VALUES or WITH … SELECT.',
    ],
    [
      'script',
      'select 1;\nselct 2',
      'sql_syntax 10: does not parse: syntax error at or near "selct". Correct the SQL at the mark.',
    ],
    [
      'script',
      '\\i other.sql',
      'migration_invalid 0: cannot run: \\i is a command of psql, which the database does not understand. Put the SQL of that file here, or make it a migration of its own.',
    ],
  ])('%s: %s', async (kind, text, expected) => {
    expect(await faults(kind, text)).toEqual([expected])
  })

  test('every statement of a script that does not parse', async () => {
    expect(await faults('script', 'selct 1;\r\nselect 1;\r\n  inser into x;')).toEqual([
      'sql_syntax 0: does not parse: syntax error at or near "selct". Correct the SQL at the mark.',
      'sql_syntax 23: does not parse: syntax error at or near "inser". Correct the SQL at the mark.',
    ])
  })

  test('an expression nested too deeply for the parser, and a long one is not', async () => {
    expect(await faults('expression', `${'('.repeat(200_000)}1${')'.repeat(200_000)}`)).toHaveLength(1)
    expect(await faults('expression', Array.from({ length: 5_000 }, () => 'a').join(' + '))).toEqual([])
  })
})

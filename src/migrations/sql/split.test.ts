import { describe, expect, test } from 'vitest'
import type { MetastoreError } from '../../errors.ts'
import type { Place } from '../problems.ts'
import { splitStatements } from './split.ts'

async function refusal(text: string, dialect: 'postgres' | 'sqlite', place?: Place): Promise<MetastoreError> {
  return splitStatements(text, dialect, place).then(
    () => expect.unreachable(`${JSON.stringify(text)} was accepted`),
    (error: MetastoreError) => error,
  )
}

describe('splitStatements', () => {
  test('gives the text, place and parse tree of each statement of PostgreSQL', async () => {
    const text = "-- é😀\nselect '日本;' /* a */ ;\n\n drop table t -- b\n"
    const statements = await splitStatements(text, 'postgres')
    expect(statements.map(({ node, ...rest }) => ({ ...rest, kind: Object.keys(node ?? {}) }))).toEqual([
      { text: "select '日本;'", offset: 7, end: 19, after: 29, words: ['select'], kind: ['SelectStmt'] },
      { text: 'drop table t', offset: 32, end: 44, after: 50, words: ['drop', 'table', 't'], kind: ['DropStmt'] },
    ])
  })

  test('gives the text and place of each statement of SQLite', async () => {
    const text = 'create trigger t after insert on a begin select 1; end ;\nselect [;]'
    expect(await splitStatements(text, 'sqlite')).toEqual([
      {
        text: 'create trigger t after insert on a begin select 1; end',
        offset: 0,
        end: 54,
        after: 56,
        node: undefined,
        words: ['create', 'trigger', 't', 'after', 'insert', 'on'],
      },
      { text: 'select [;]', offset: 57, end: 67, after: 67, node: undefined, words: ['select'] },
    ])
  })

  test.each(['', ' \n', '-- a', ';;', '/* ; */ ;'])('finds no statement in %j', async (text) => {
    expect(await splitStatements(text, 'postgres')).toEqual([])
    expect(await splitStatements(text, 'sqlite')).toEqual([])
  })

  test('accepts what PostgreSQL 18 added', async () => {
    const text =
      'create table t (a int, b int generated always as (a) virtual); update t set a = 1 returning old.a, new.a'
    expect(await splitStatements(text, 'postgres')).toHaveLength(2)
  })

  test('splits a script of 2,000 statements with characters of every width', async () => {
    const one = "insert into é values ('日本 😀;', $$ it's; $$);\n"
    const statements = await splitStatements(one.repeat(2_000), 'postgres')
    expect(statements).toHaveLength(2_000)
    expect(new Set(statements.map(({ text }) => text))).toEqual(new Set([one.slice(0, -2)]))
  })

  test('tells the place of a syntax error in the file, with the line and a caret', async () => {
    const source = "-- head\nselect '😀é';\ncreate tabel runs (id int);\n"
    const error = await refusal(source.slice(8), 'postgres', { path: 'migrations/001_a.sql', source, offset: 8 })
    expect(error.toJSON()).toEqual({
      code: 'sql_syntax',
      message: 'PostgreSQL cannot parse this statement: syntax error at or near "tabel".',
      where: 'migrations/001_a.sql:3:8',
      remedy: 'Correct the SQL at the mark.',
      details: ['create tabel runs (id int);', '       ^'],
    })
  })

  test('counts the characters before a syntax error, not their bytes or UTF-16 units', async () => {
    expect((await refusal("select '😀😀é' frm x y", 'postgres')).where).toBe('line 1:18')
  })

  test('tells every statement that does not parse', async () => {
    const error = await refusal('selct 1;\nselect 2;\ndrop tabel t;\nselect (3;\n', 'postgres')
    expect(error.toJSON()).toEqual({
      code: 'sql_syntax',
      message: 'PostgreSQL cannot parse this statement: syntax error at or near "selct".',
      where: 'line 1:1',
      remedy: 'Correct the SQL at the mark.',
      details: [
        'selct 1;',
        '^',
        '2 more problems:',
        'line 3:6: PostgreSQL cannot parse this statement: syntax error at or near "tabel".',
        '  drop tabel t;',
        '       ^',
        '  Correct the SQL at the mark.',
        'line 4:10: PostgreSQL cannot parse this statement: syntax error at end of input.',
        '  select (3;',
        '           ^',
        '  Correct the SQL at the mark.',
      ],
    })
  })

  test.each([
    ["select 1; select 'a", 'unterminated quoted string at or near "\'a"', 'line 1:18'],
    ['select 1; /* a', 'unterminated /* comment at or near "/* a"', 'line 1:11'],
    ['select $$ a', 'unterminated dollar-quoted string at or near "$$ a"', 'line 1:8'],
    ["select U&'\\00zz'", 'invalid Unicode escape', 'line 1:11'],
    [`select ${'('.repeat(50_000)}1${')'.repeat(50_000)}`, 'memory exhausted at or near "("', 'line 1:10004'],
    [`select ${'1+'.repeat(50_000)}1`, 'it is nested too deeply', 'line 1:1'],
  ])('reports what PostgreSQL says: case %#', async (text, message, where) => {
    expect(await refusal(text, 'postgres')).toMatchObject({
      code: 'sql_syntax',
      message: `PostgreSQL cannot parse this statement: ${message}.`,
      where,
    })
  })

  test('goes on working after a statement that is nested too deeply', async () => {
    await refusal(`select ${'1+'.repeat(50_000)}1`, 'postgres')
    expect(await splitStatements('select 1', 'postgres')).toHaveLength(1)
  })

  test.each([
    ["select 'a", 'string', "'"],
    ['select "a', 'quoted name', '"'],
    ['select `a', 'quoted name', '`'],
    ['select [a', 'quoted name', '['],
  ])('SQLite: %s never ends', async (text, what, quote) => {
    expect((await refusal(text, 'sqlite')).toJSON()).toEqual({
      code: 'sql_syntax',
      message: `The ${what} that begins with ${quote} never ends.`,
      where: 'line 1:8',
      remedy: 'Close it, or double the quote where it is meant as a character.',
      details: [text, '       ^'],
    })
  })

  test('SQLite closes a comment at the end of the text itself', async () => {
    expect(await splitStatements('select 1; /* a', 'sqlite')).toHaveLength(1)
  })
})

describe('what only a client program understands', () => {
  test.each([
    ['\\i other.sql', '\\i', 'Put the SQL of that file here, or make it a migration of its own.'],
    ['\\ir other.sql', '\\ir', 'Put the SQL of that file here, or make it a migration of its own.'],
    [
      '\\connect app',
      '\\connect',
      'Remove the line: metastore connects to the database that metastore.toml or --url names.',
    ],
    ['\\c app', '\\c', 'Remove the line: metastore connects to the database that metastore.toml or --url names.'],
    [
      '\\restrict fT0k3n',
      '\\restrict',
      'Remove the line: pg_dump writes it for psql alone, and nothing is lost without it.',
    ],
    [
      '\\unrestrict fT0k3n',
      '\\unrestrict',
      'Remove the line: pg_dump writes it for psql alone, and nothing is lost without it.',
    ],
    ["\\copy t from 'a.csv'", '\\copy', 'Write the rows as INSERT statements, or as a data file of seeds.'],
    ['\\set a 1', '\\set', 'Write the value where it is used: variables of psql are not replaced here.'],
    ['\\timing', '\\timing', 'Remove the line, or write it as SQL.'],
    ['\\', '\\', 'Remove the line, or write it as SQL.'],
  ])('%s of psql has a remedy of its own', async (line, command, remedy) => {
    expect((await refusal(`select 1;\n${line}\nselect 2;\n`, 'postgres')).toJSON()).toEqual({
      code: 'migration_invalid',
      message: `${command} is a command of psql, which the database does not understand.`,
      where: 'line 2:1',
      remedy,
      details: [line, '^'],
    })
  })

  test('a command of the sqlite3 shell has a remedy of its own', async () => {
    expect((await refusal('.read other.sql\nselect 1;', 'sqlite')).toJSON()).toEqual({
      code: 'migration_invalid',
      message: '.read is a command of the sqlite3 shell, which the database does not understand.',
      where: 'line 1:1',
      remedy: 'Put the SQL of that file here, or make it a migration of its own.',
      details: ['.read other.sql', '^'],
    })
  })

  test('COPY … FROM stdin is refused, with its rows and without, whatever the rows hold', async () => {
    const expected = {
      code: 'migration_invalid',
      message: 'COPY … FROM stdin takes its rows from a client program, and there is none here.',
      where: 'line 2:1',
      remedy: 'Write the rows as INSERT statements (pg_dump --inserts does), or as a data file of seeds.',
      details: ['COPY public.t (a) FROM stdin;', '^'],
    }
    const withRows = "select 1;\nCOPY public.t (a) FROM stdin;\nit's; \\N\n\\.\nselect 2;"
    expect((await refusal(withRows, 'postgres')).toJSON()).toEqual(expected)
    expect((await refusal('select 1;\nCOPY public.t (a) FROM stdin;\n', 'postgres')).toJSON()).toEqual(expected)
  })

  test.each([
    "copy t from '/srv/a.csv'",
    'copy (select 1 from stdin) to stdout',
    'copy t to stdout',
    'select 1 from stdin',
  ])('%s is left to the server', async (text) => {
    expect(await splitStatements(text, 'postgres')).toHaveLength(1)
  })
})

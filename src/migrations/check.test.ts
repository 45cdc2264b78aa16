import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import type { Dialect } from '../database/sql.ts'
import type { Finding } from '../finding.ts'
import { checkMigrations, checks } from './check.ts'
import { findMigrationFiles } from './read.ts'

async function check(files: Readonly<Record<string, string>>, dialect: Dialect = 'postgres'): Promise<Finding[]> {
  const absolute = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(absolute, name), text)
  const found = await findMigrationFiles([{ path: 'm', absolute }])
  return checkMigrations(found.files, dialect, { problems: found.problems })
}

test('files that are as they should be have no finding', async () => {
  const files = {
    '20250315_create_threads.sql':
      'begin; create table threads (id int); commit;\n-- metastore:down\ndrop table threads;',
    '20250316_index_threads.sql':
      '-- metastore: no-transaction requires=20250315_create_threads\ncreate index concurrently i on threads (id);',
    '20250317_fill.ts': 'export const requires = ["20250316_index_threads"]\nexport async function up() {}',
    '20250318_touch.up.sql':
      'create function f() returns trigger language plpgsql as $$ begin new.a := now(); return new; end $$;',
    '20250318_touch.down.sql': 'drop function f;',
  }
  expect(await check(files)).toEqual([])
  expect(await checkMigrations([], 'postgres')).toEqual([])
})

test('each rule has a code of its own, and the list is in their order', () => {
  const codes = checks.map(({ code }) => code)
  expect(codes).toEqual([...new Set(codes)].toSorted())
  for (const { summary } of checks) expect(summary).toMatch(/^[A-Z].*\.$/)
})

describe('what a file cannot be', () => {
  test('is a finding each, in the order of files and lines, whatever else is wrong', async () => {
    const findings = await check({
      '001_a.sql': '-- metastore: priority=P7\nselect 1;\ncommit;\nselct 2;\n',
      '002_b.ts': 'export const up = 1',
      '003_c.sqll': '',
      '004_d.sql': 'vacuum;',
    })
    expect(findings.map(({ code, severity, file, line, column }) => [code, severity, file, line, column])).toEqual([
      ['file_unknown_format', 'P0', 'm/003_c.sqll', undefined, undefined],
      ['migration_invalid', 'P0', 'm/001_a.sql', 1, 24],
      ['migration_invalid', 'P0', 'm/001_a.sql', 3, 1],
      ['sql_syntax', 'P0', 'm/001_a.sql', 4, 1],
      ['migration_invalid', 'P0', 'm/002_b.ts', undefined, undefined],
      ['migration_invalid', 'P0', 'm/004_d.sql', 1, 1],
    ])
    expect(findings[1]).toEqual({
      code: 'migration_invalid',
      severity: 'P0',
      file: 'm/001_a.sql',
      line: 1,
      column: 24,
      message: 'There is no priority "P7".',
      remedy: 'Use P0 (the application cannot start without it), P1 or P2.',
    })
  })

  test('is told once, although two look for it', async () => {
    expect(await check({ '001_a.sql': '\\i b.sql\n' })).toHaveLength(1)
  })
})

describe('sql_syntax', () => {
  test('finds what does not parse in both directions and in both files of a pair', async () => {
    const findings = await check({
      '001_a.sql': 'create tabel t ();\n-- metastore:down\ndrop tabel t;\n',
      '002_b.up.sql': 'selct 1;',
      '002_b.down.sql': '\nselct 2;',
    })
    expect(findings).toEqual([
      {
        code: 'sql_syntax',
        severity: 'P0',
        file: 'm/001_a.sql',
        line: 1,
        column: 8,
        message: 'PostgreSQL cannot parse this statement: syntax error at or near "tabel".',
        remedy: 'Correct the SQL at the mark.',
      },
      expect.objectContaining({ file: 'm/001_a.sql', line: 3, column: 6 }),
      expect.objectContaining({ file: 'm/002_b.up.sql', line: 1, column: 1 }),
      expect.objectContaining({ file: 'm/002_b.down.sql', line: 2, column: 1 }),
    ])
  })

  test('reads SQLite by its own rules', async () => {
    expect(
      await check({ '001_a.sql': 'create table `a` (b);\ninsert or replace into a values (1);' }, 'sqlite'),
    ).toEqual([])
    expect(await check({ '001_a.sql': "\nselect 'a" }, 'sqlite')).toMatchObject([
      { code: 'sql_syntax', line: 2, column: 8 },
    ])
  })
})

describe('body_syntax', () => {
  const plpgsql = (body: string, returns = 'void') =>
    `create function f(a int) returns ${returns} language plpgsql as $$\n${body}\n$$;`

  test.each<[string, string, number, number, string]>([
    [plpgsql('begin\n  retrun 1;\nend', 'int'), 'PL/pgSQL', 3, 3, 'syntax error at or near "retrun"'],
    [plpgsql('begin if a then return; end'), 'PL/pgSQL', 1, 1, 'syntax error at end of input'],
    ['select 1;\ndo $$ begin perfrm 1; end $$;', 'PL/pgSQL', 2, 13, 'syntax error at or near "perfrm"'],
    ['create function f() returns int language sql as $$ selct 1 $$;', 'SQL', 1, 52, 'syntax error at or near "selct"'],
    [
      "create function f() returns text language sql as 'selct ''a'' ';",
      'SQL',
      1,
      1,
      'syntax error at or near "selct"',
    ],
  ])('finds a body that does not parse: %j', async (text, language, line, column, message) => {
    expect(await check({ '001_a.sql': text })).toEqual([
      {
        code: 'body_syntax',
        severity: 'P0',
        file: 'm/001_a.sql',
        line,
        column,
        message: `The body does not parse as ${language}: ${message}.`,
        remedy: 'Correct the body.',
      },
    ])
  })

  test.each([
    plpgsql(
      'declare r t%rowtype; v t.c%type; x public.mytype; begin for r in select * from t loop perform 1; end loop; end',
    ),
    plpgsql('begin new.a.b := 1; arr[1] := 2; return new; end', 'trigger').replace('a int', ''),
    plpgsql('begin return query select 1, 2; end', 'table (x int, y text)'),
    plpgsql("begin raise exception 'x %', a; exception when others then null; end"),
    plpgsql('declare h hstore; v vector(3); g geometry(Point,4326); begin null; end'),
    plpgsql('begin unknown_variable := 1; end'),
    plpgsql('begin commit; end').replace('function', 'procedure').replace('returns void', ''),
    "create function f() returns int language c as 'lib', 'symbol';",
    "create function f() returns int language plpython3u as $$ return 'selct' $$;",
    'do language plpython3u $$ pass $$;',
    'create function f(x int) returns int language sql as $$ select x + $1 $$;',
    'create function f(x int) returns int language sql return x + 1;',
    'create function f() returns int begin atomic select 1; end;',
  ])('says nothing of what may be right: %s', async (text) => {
    expect(await check({ '001_a.sql': text })).toEqual([])
  })
})

describe('actions', () => {
  const misplaced =
    'actions = [{ type = "add_column", table = "m", column = { name = "s", type = "INT", up = { expression = "1" } } }]'

  test('are found where they are wrong', async () => {
    expect(
      await check({ '001_a.toml': misplaced, '002_b.json': '{"actions": [{"type": "custom", "start": "selct 1"}]}' }),
    ).toEqual([
      {
        code: 'migration_invalid',
        severity: 'P0',
        file: 'm/001_a.toml',
        line: 1,
        column: 85,
        message: 'actions[0].column.up is not known; the nearest place for up is actions[0].up.',
        remedy: 'Write it there, as a string.',
      },
      {
        code: 'sql_syntax',
        severity: 'P0',
        file: 'm/002_b.json',
        line: 1,
        column: 43,
        message: 'actions[0].start does not parse: syntax error at or near "selct".',
        remedy: 'Correct the SQL at the mark.',
      },
    ])
  })

  test('have hints for what is ignored, and are otherwise fine', async () => {
    const absolute = temporaryDirectory()
    writeFileSync(path.join(absolute, '001_a.toml'), misplaced)
    const { files, problems } = await findMigrationFiles([{ path: 'm', absolute }], { unknownKeys: 'warn' })
    expect(await checkMigrations(files, 'postgres', { problems })).toEqual([
      {
        code: 'key_ignored',
        severity: 'P2',
        file: 'm/001_a.toml',
        line: 1,
        column: 85,
        message: 'actions[0].column.up is not known, and is ignored; the nearest place for up is actions[0].up.',
        remedy: 'Write it there, as a string.',
      },
    ])
  })

  test('are refused once where a name is too long, and by SQLite', async () => {
    const name = `1_${'a'.repeat(52)}`
    expect((await check({ [`${name}.toml`]: 'actions = [{ type = "custom" }]' })).map(({ code }) => code)).toEqual([
      'migration_invalid',
    ])
    expect(await check({ '1_a.toml': 'actions = []' }, 'sqlite')).toMatchObject([
      { code: 'migration_invalid', message: 'm/1_a.toml holds actions, and actions need PostgreSQL or PGlite.' },
    ])
  })

  test('are placed by the names of their files, whatever they call themselves', async () => {
    const files = {
      '001_a.toml': 'name = "zz"\nactions = [{ type = "custom" }]',
      '002_b.sql': '-- metastore: requires=zz\nselect 1;',
      '003_c.sql': '-- metastore: requires=first\nselect 1;',
      '004_d.toml': 'name = "first"\nactions = [{ type = "custom" }]',
      '20250230_e.toml': 'name = "e"\nactions = [{ type = "custom" }]',
    }
    expect((await check(files)).map(({ code, object }) => [code, object])).toEqual([
      ['unmet_requirement', '003_c'],
      ['invalid_stamp', 'e'],
    ])
  })
})

describe('names and order', () => {
  test.each<[string, Readonly<Record<string, string>>, Finding]>([
    [
      'a migration without a statement',
      { '001_a.sql': '-- to do\n' },
      {
        code: 'empty_migration',
        severity: 'P2',
        file: 'm/001_a.sql',
        object: '001_a',
        message: 'The migration has no statement.',
        remedy: 'Write its SQL, or remove the file.',
      },
    ],
    [
      'a migration without an action',
      { '001_a.toml': 'actions = []' },
      {
        code: 'empty_migration',
        severity: 'P2',
        file: 'm/001_a.toml',
        object: '001_a',
        message: 'The migration has no action.',
        remedy: 'Write its actions, or remove the file.',
      },
    ],
    [
      'a date that does not exist',
      { '20250230_a.sql': 'select 1' },
      {
        code: 'invalid_stamp',
        severity: 'P2',
        file: 'm/20250230_a.sql',
        object: '20250230_a',
        message: '20250230 looks like a date or a time, but there is none such; so it counts as a plain number.',
        remedy: 'Correct the date before the migration is applied anywhere.',
      },
    ],
    [
      'a name of more than 53 bytes',
      { [`001_${'a'.repeat(50)}.sql`]: 'select 1' },
      {
        code: 'long_name',
        severity: 'P0',
        file: `m/001_${'a'.repeat(50)}.sql`,
        object: `001_${'a'.repeat(50)}`,
        message: "The name has 54 bytes; a migration's name may have 53.",
        remedy: 'Shorten it by one byte before it is applied anywhere.',
      },
    ],
    [
      'a name without a number',
      { 'create_threads.sql': 'select 1' },
      {
        code: 'name_without_number',
        severity: 'P2',
        file: 'm/create_threads.sql',
        object: 'create_threads',
        message: 'The name begins with no number, so its place in the order depends on its letters.',
        remedy: 'Begin the names of new migrations with a number or a time, as metastore new does.',
      },
    ],
    [
      'two migrations with one number',
      { '003_a.sql': 'select 1', '03_b.sql': 'select 1' },
      {
        code: 'shared_number',
        hazard: 'H48',
        severity: 'P2',
        file: 'm/03_b.sql',
        object: '03_b',
        message: 'It has the number of 003_a, which is applied first because of its letters.',
        remedy: 'Make sure that neither needs the other, or give the newer one a number of its own.',
      },
    ],
    [
      'a requirement that does not exist',
      { '001_create_threads.sql': 'select 1', '002_b.sql': '-- metastore: requires=001_create_thread\nselect 1' },
      {
        code: 'unmet_requirement',
        severity: 'P0',
        file: 'm/002_b.sql',
        object: '002_b',
        message: 'It requires 001_create_thread, and there is no such migration.',
        remedy: 'Did you mean 001_create_threads?',
      },
    ],
    [
      'a requirement that nothing resembles',
      { '002_b.sql': '-- metastore: requires=0x\nselect 1' },
      {
        code: 'unmet_requirement',
        severity: 'P0',
        file: 'm/002_b.sql',
        object: '002_b',
        message: 'It requires 0x, and there is no such migration.',
        remedy: 'Correct the name, or add the missing file.',
      },
    ],
    [
      'a requirement that comes later',
      { '001_a.sql': '-- metastore: requires=002_b\nselect 1', '002_b.sql': 'select 1' },
      {
        code: 'unmet_requirement',
        severity: 'P0',
        file: 'm/001_a.sql',
        object: '001_a',
        message: 'It requires 002_b, which comes after it.',
        remedy: 'Give it a name that sorts after what it requires.',
      },
    ],
    [
      'a migration that requires itself',
      { '001_a.sql': '-- metastore: requires=001_a\nselect 1' },
      {
        code: 'unmet_requirement',
        severity: 'P0',
        file: 'm/001_a.sql',
        object: '001_a',
        message: 'It requires itself.',
        remedy: 'Remove its own name from requires.',
      },
    ],
    [
      'a name with other characters',
      { '001_Add-Café.sql': 'select 1' },
      {
        code: 'unusual_name',
        severity: 'P2',
        file: 'm/001_Add-Café.sql',
        object: '001_Add-Café',
        message: 'The name has "A-Cé", which must be quoted in SQL.',
        remedy: 'Use lower-case letters, digits and _ in the names of new migrations.',
      },
    ],
  ])('%s', async (_, files, finding) => {
    expect(await check(files)).toEqual([finding])
  })

  test('a name is measured in bytes', async () => {
    expect(await check({ [`001_${'a'.repeat(49)}.sql`]: 'select 1' })).toEqual([])
    const findings = await check({ [`001_${'é'.repeat(25)}.sql`]: 'select 1' })
    expect(findings.map(({ code }) => code)).toEqual(['long_name', 'unusual_name'])
  })

  test('a date and a time of the same moment share a number', async () => {
    const findings = await check({ '20250330_a.sql': 'select 1', '20250330000000_b.sql': 'select 1' })
    expect(findings.map(({ code, object }) => [code, object])).toEqual([['shared_number', '20250330000000_b']])
  })
})

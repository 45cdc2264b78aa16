import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../../test/harness/temporary-directory.ts'
import type { Dialect } from '../../database/sql.ts'
import type { Finding } from '../../finding.ts'
import { checkMigrations, type CheckOptions } from '../check.ts'
import { findMigrationFiles } from '../read.ts'

async function check(
  files: Readonly<Record<string, string>>,
  options: CheckOptions = {},
  dialect: Dialect = 'postgres',
): Promise<Finding[]> {
  const absolute = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(absolute, name), text)
  const found = await findMigrationFiles([{ path: 'm', absolute }])
  return checkMigrations(found.files, dialect, { ...options, problems: found.problems })
}

const brief = (findings: readonly Finding[]) => findings.map(({ code, line }) => [code, line])

describe('an allowance', () => {
  test.each([
    ['above its statement', '-- metastore: allow H33 because it was never filled\nalter table t drop column a;'],
    ['by its code, whatever its case', '-- metastore: ALLOW Column_Dropped because x\nalter table t drop column a;'],
    ['inside its statement', 'alter table t\n-- metastore: allow h33 because x\ndrop column a;'],
    ['above another comment', '-- metastore: allow H33 because x\n-- more\nalter table t drop column a;'],
    ['for two hazards', '-- metastore: allow H33, H35 because x\nalter table t drop column a cascade;'],
    ['for the file', '-- metastore: allow H33 because x\n\nselect 1;\nalter table t drop column a;'],
    [
      'for the file, above its settings',
      '-- metastore: allow H33 because x\n-- metastore: priority=P0\nselect 1;\nalter table t drop column a;',
    ],
    [
      'for the file, above its up part',
      '-- metastore: allow H33 because x\n-- metastore:up\nselect 1;\nalter table t drop column a;\n-- metastore:down\nselect 1;',
    ],
    ['with Windows line ends', '-- metastore: allow H33 because x\r\nalter table t drop column a;\r\n'],
    ['behind é and 😀', "select 'é😀';\n-- metastore: allow H33 because é😀\nalter table t drop column a;"],
    ['for what a body runs', '-- metastore: allow H33 because x\ndo $$ begin alter table t drop column a; end $$;'],
  ])('takes a hazard out: %s', async (_, text) => {
    expect(await check({ '001_a.sql': text })).toEqual([])
  })

  test('is for its own statement only', async () => {
    const text =
      'select 1;\n-- metastore: allow H33 because x\nalter table t drop column a;\nalter table t drop column b;\n'
    expect(brief(await check({ '001_a.sql': text }))).toEqual([['column_dropped', 4]])
  })

  test('without a reason allows nothing, and says so', async () => {
    expect(await check({ '001_a.sql': '-- metastore: allow H34\ndrop sequence s;\n' })).toEqual([
      {
        code: 'allowance_invalid',
        severity: 'P1',
        file: 'm/001_a.sql',
        line: 1,
        column: 1,
        message: 'This allowance of H34 has no reason, so it allows nothing.',
        remedy: 'Say why it does no harm here: … because the table is empty.',
      },
      {
        code: 'sequence_dropped',
        hazard: 'H34',
        severity: 'P1',
        file: 'm/001_a.sql',
        line: 2,
        column: 1,
        object: 's',
        message: 'What s has counted is lost.',
        remedy:
          'Make sure that no default and no program uses it; to take another, continue it with setval from the largest number there is.',
      },
    ])
  })

  test('that nothing needs is a hint', async () => {
    expect(
      await check({ '001_a.sql': 'select 1;\n\n-- metastore: allow H33, H34 because x\ndrop sequence s;\n' }),
    ).toEqual([
      {
        code: 'allowance_unused',
        severity: 'P2',
        file: 'm/001_a.sql',
        line: 3,
        column: 1,
        message: 'Nothing here needs the allowance of H33.',
        remedy: 'Remove it, or put it above its statement.',
      },
    ])
  })

  test.each([
    [
      '-- metastore: allow because x',
      'This allowance does not say what it allows.',
      'Write it as -- metastore: allow H01 because it is why.',
    ],
    ['-- metastore: allow H49 because x', 'There is no hazard H49.', 'metastore docs hazards lists what there is.'],
    [
      '-- metastore: allow column_droped because x',
      'There is no hazard column_droped.',
      'Did you mean column_dropped? metastore docs hazards lists what there is.',
    ],
  ])('that cannot be understood says why: %s', async (line, message, remedy) => {
    const [finding] = await check({ '001_a.sql': `${line}\nselect 1;` })
    expect(finding).toMatchObject({ code: 'allowance_invalid', severity: 'P1', message, remedy })
  })

  test('in a string is none', async () => {
    const text = "select '\n-- metastore: allow H33 because x\n';"
    expect(await check({ '001_a.sql': text })).toEqual([])
  })

  test('is no setting, and a file with one runs as it did', async () => {
    const { files } = await findMigrationFiles([{ path: 'm', absolute: temporaryDirectory() }])
    expect(files).toEqual([])
    expect(
      await check({ '001_a.sql': '-- metastore: allow H33 because priority=P9\nalter table t drop column a;' }),
    ).toEqual([])
  })
})

describe('actions', () => {
  const custom = (sql: string, quotes = "'''") =>
    `[[actions]]\ntype = "custom"\ncomplete = ${quotes}\n${sql}\n${quotes}\n`

  test('have the hazards of their scripts, where they stand', async () => {
    const findings = await check({ '001_a.toml': custom('select 1;\nupdate t set a = 1;') })
    expect(findings.map(({ code, line, column, fix }) => ({ code, line, column, fix }))).toEqual([
      { code: 'whole_table_write', line: 5, column: 1, fix: undefined },
    ])
    expect(await check({ '001_a.toml': custom('-- metastore: allow H38 because x\nupdate t set a = 1;') })).toEqual([])
  })

  test('are told at the beginning of a script that is written with escapes', async () => {
    const text = '[[actions]]\ntype = "custom"\nstart = "select 1;\\nupdate t set a = 1;"\n'
    expect(brief(await check({ '001_a.toml': text }))).toEqual([['whole_table_write', 3]])
  })

  test('make tables that are new to their scripts', async () => {
    const made =
      '[[actions]]\ntype = "create_table"\nname = "t"\nprimary_key = ["id"]\ncolumns = [{ name = "id", type = "bigint" }]\n'
    expect(await check({ '001_a.toml': made + custom('update t set id = 1;') })).toEqual([])
    expect(brief(await check({ '001_a.toml': made, '002_b.toml': custom('update t set id = 1;') }))).toEqual([
      ['whole_table_write', 4],
    ])
  })

  test('cannot build an index concurrently in a transaction of a phase', async () => {
    const sql = 'create index concurrently i on t (a);'
    expect(brief(await check({ '001_a.toml': custom(sql) }))).toEqual([['concurrent_in_transaction', 4]])
    expect(await check({ '001_a.toml': custom(`-- metastore: no-transaction\n${sql}`) })).toEqual([])
  })
})

describe('where a database has told what is applied', () => {
  const files = {
    '001_a.sql': 'create table t (id bigint primary key, a text, b text);\nselect 1;\n',
    '002_b.sql': 'drop sequence s;',
    '003_c.sql': 'create table u (id bigint primary key);',
    '004_d.sql': 'create index i on u (id);\ncreate index j on t (a);',
  }
  const applied = async (names: readonly string[], edited: readonly string[] = []) => {
    const absolute = temporaryDirectory()
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(absolute, name), text)
    const found = await findMigrationFiles([{ path: 'm', absolute }])
    return found.files
      .filter(({ name }) => names.includes(name))
      .map(({ name, checksum }, position) => ({ position, name, checksum: edited.includes(name) ? '0' : checksum }))
  }

  test('hazards are looked for in what is pending, to which its own tables are new', async () => {
    const findings = await check(files, { applied: await applied(['001_a', '002_b']) })
    expect(findings.map(({ code, file, object }) => [code, file, object])).toEqual([
      ['index_not_concurrent', 'm/004_d.sql', 'j'],
    ])
  })

  test('edited, missing and late files are H48', async () => {
    const history = [
      ...(await applied(['001_a', '003_c', '004_d'], ['001_a'])),
      { position: 9, name: '000_gone', checksum: '1' },
    ]
    const findings = await check(files, { applied: history })
    expect(findings.filter(({ hazard }) => hazard === 'H48')).toEqual([
      {
        code: 'migration_missing',
        hazard: 'H48',
        severity: 'P0',
        object: '000_gone',
        message: 'Migration 000_gone is applied, but its file is gone.',
        remedy: expect.stringContaining('--allow-missing 000_gone'),
      },
      expect.objectContaining({ code: 'migration_edited', hazard: 'H48', severity: 'P0', file: 'm/001_a.sql' }),
      expect.objectContaining({ code: 'migration_out_of_order', hazard: 'H48', severity: 'P0', file: 'm/002_b.sql' }),
    ])
  })
})

describe('two branches', () => {
  const one = 'alter table t alter column a set default 1;'

  test('that change one column under one number are told', async () => {
    const findings = await check({ '005_a.sql': one, '005_b.sql': 'alter table public.t alter column a drop default;' })
    expect(findings.filter(({ code }) => code === 'branch_conflict')).toEqual([
      {
        code: 'branch_conflict',
        hazard: 'H48',
        severity: 'P1',
        file: 'm/005_b.sql',
        object: 't.a',
        message: 'It changes t.a, and so does 005_a, which has the same number.',
        remedy:
          'If two branches made them, see that both are meant in this order; otherwise make one migration of the two.',
      },
    ])
  })

  test('that change one column are told when both are pending, as SQL or as actions', async () => {
    const action = '[[actions]]\ntype = "alter_column"\ntable = "t"\ncolumn = "a"\n[actions.changes]\nname = "b"\n'
    const files = { '005_a.sql': one, '006_b.toml': action }
    expect(
      (await check(files, { applied: [] })).map(({ code, severity, message }) => [code, severity, message]),
    ).toEqual([['branch_conflict', 'P2', 'It changes t.a, and so does 005_a, which is pending as well.']])
    expect(await check(files)).toEqual([])
  })

  test('that replace one view or one function are told, since the last one decides', async () => {
    const files = {
      '005_a.sql':
        'create or replace view v as select 1; create or replace function s.f() returns int language sql as $$select 1$$;',
      '006_b.sql': 'create or replace function s.f() returns int language sql as $$select 2$$;',
      '007_c.sql': 'create or replace view public.v as select 3;',
      '008_d.sql': 'create or replace function f() returns int language sql as $$select 4$$;',
    }
    const findings = await check(files, { applied: [] })
    expect(findings.filter(({ code }) => code === 'branch_conflict').map(({ message }) => message)).toEqual([
      'It changes s.f(), and so does 005_a, which is pending as well.',
      'It changes v, and so does 005_a, which is pending as well.',
    ])
  })

  test.each([
    ['another column', 'alter table t alter column b set default 1;'],
    ['a table of another schema', 'alter table other.t alter column a set default 1;'],
    ['another table', 'alter table u alter column a set default 1;'],
  ])('that change %s are not', async (_, other) => {
    expect(brief(await check({ '005_a.sql': one, '005_b.sql': other }))).toEqual([['shared_number', undefined]])
  })

  test('of which one changes what the other has made are not', async () => {
    const files = { '005_a.sql': 'alter table t add column a int;', '006_b.sql': one }
    expect(await check(files, { applied: [] })).toEqual([])
  })
})

test('names that would steer a terminal, or mean something in TOML and SQL, do neither', async () => {
  const name = 'a"b\u001b[31m\'; drop table y --'
  const quoted = `"${name.replaceAll('"', '""')}"`
  const text = `create index i on ${quoted} (${quoted});\nalter table ${quoted} alter column ${quoted} set not null;\n`
  const findings = await check({ '001_a.sql': text })
  expect(findings.map(({ code }) => code)).toEqual(['index_not_concurrent', 'set_not_null_scan', 'not_null_over_nulls'])
  expect(JSON.stringify(findings.map(({ message, remedy, object }) => [message, remedy, object]))).not.toContain(
    'u001b',
  )
  for (const { asAction = '' } of findings.slice(0, 2)) {
    expect(asAction).not.toContain('\u001b')
    expect(await check({ '001_a.toml': asAction })).toEqual([])
  }
})

describe('a rule of the project', () => {
  const rule = {
    id: 'tenant',
    message: 'Every table has a tenant.',
    severity: 'P1' as const,
    remedy: undefined,
    statements: ['CreateStmt'],
    matching: undefined,
    require: '\\btenant_id\\b',
    forbid: undefined,
  }

  test('finds what lacks something it requires, in SQL and in scripts of actions', async () => {
    const sql = 'create table a (tenant_id bigint);\ncreate table b (id bigint /* tenant_id */);\n'
    const [finding, ...others] = await check({ '001_a.sql': sql }, { rules: [rule] })
    expect(others).toEqual([])
    expect(finding).toEqual({
      code: 'tenant',
      severity: 'P1',
      file: 'm/001_a.sql',
      line: 2,
      column: 1,
      message: 'Every table has a tenant.',
      remedy: 'It is a rule of this project; where it does no harm, write -- metastore: allow tenant because …',
    })
    const toml = `[[actions]]\ntype = "custom"\nstart = """\n${sql}"""\n`
    expect(brief(await check({ '001_a.toml': toml }, { rules: [rule] }))).toEqual([['tenant', 5]])
  })

  test('finds what it forbids, where its pattern matches, and every statement without either', async () => {
    const sql = 'create table a (note text);\ntruncate a;\ncreate table b (id bigint);'
    const find = async (changes: object) =>
      brief(await check({ '001_a.sql': sql }, { rules: [{ ...rule, ...changes }] }))
    expect(await find({ require: undefined, forbid: 'NOTE\\s+text' })).toEqual([['tenant', 1]])
    expect(await find({ matching: 'create table b' })).toEqual([['tenant', 3]])
    expect(await find({ statements: ['TruncateStmt'], require: undefined })).toEqual([['tenant', 2]])
    expect(await find({ statements: [] })).toHaveLength(3)
  })

  test('is allowed by its id', async () => {
    const sql = '-- metastore: allow tenant because it is shared\ncreate table b (id bigint);'
    expect(await check({ '001_a.sql': sql }, { rules: [rule] })).toEqual([])
  })

  test('applies on SQLite where it asks for no kind of statement, and hazards do not', async () => {
    const files = { '001_a.sql': 'create table b (id bigint);\ndrop table b;' }
    expect(await check(files, { rules: [rule] }, 'sqlite')).toEqual([])
    const text = { ...rule, statements: [], matching: '^create', require: 'tenant' }
    expect(brief(await check(files, { rules: [text] }, 'sqlite'))).toEqual([['tenant', 1]])
  })
})

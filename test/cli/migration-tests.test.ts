import { beforeAll, describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines } from './command-line.ts'

const migrations = {
  'migrations/001_users.sql':
    'create table users (id int primary key, name text unique);\n-- metastore:down\ndrop table users;\n',
  'migrations/002_split.sql':
    "alter table users add column family text;\nupdate users set family = split_part(name, ' ', 2);\n-- metastore:down\nalter table users drop column family;\n",
  'migrations/003_email.sql': 'alter table users add column email text;\n',
}

const split = `-- test: the family name is what follows the first space
-- before: 002
insert into users values (1, 'Ada Lovelace'), (2, 'Plato');

-- migrate
select family = 'Lovelace' as family from users where id = 1;
-- expect: 1 row
select id from users where family = '';

-- rollback
-- expect: error 42703
select family from users;

-- migrate: 003
select count(*) = 2 as all_still_there, bool_and(email is null) from users;
`

const unique = `-- at: 001
insert into users values (1, 'Ada');
-- expect: error 23505
insert into users values (2, 'Ada');
-- expect: no rows
select * from users where id = 2;
select count(*) = 1 as only_one from users;
`

const script = `export const before = '002_split'
export default async ({ db, sql, migrate }) => {
  await db.query(sql\`insert into users values (1, \${'Ada Lovelace'})\`)
  await migrate()
  const [row] = await db.query(sql\`select family from users\`)
  if (row.family !== 'Lovelace') throw new Error('The family is ' + row.family + '.')
}
`

let shadow = ''

beforeAll(async () => {
  shadow = await freshPostgresUrl(18)
})

/** Runs tests on a server, which is quicker to open than a database of our own for each. */
function run(files: Readonly<Record<string, string>>, words = '') {
  return commandLine({ ...migrations, ...files }).run(`test ${words} --shadow ${shadow}`)
}

describe('metastore test', () => {
  test('proves a data migration by rows before and after, in SQL and in code, and nothing is left of it', async () => {
    const line = commandLine({
      ...migrations,
      'tests/split.sql': split,
      'tests/unique.sql': unique,
      'tests/again.sql': unique,
      'tests/code.ts': script,
    })
    const expected = {
      status: 0,
      stdout: lines(
        'passed  tests/again.sql: again  DURATION',
        'passed  tests/code.ts: code  DURATION',
        'passed  tests/split.sql: the family name is what follows the first space  DURATION',
        'passed  tests/unique.sql: unique  DURATION',
        '4 tests: 4 passed, 0 failed.',
      ),
      stderr: '',
    }
    expect(await line.run('test')).toEqual(expected)
    // What was kept of the first run gives the same.
    expect(await line.run('test')).toEqual(expected)
    expect(line.exists('.metastore/default')).toBe(false)
  })

  test('says what did not come to what was expected, where, and ends with 1', async () => {
    const { status, stdout } = await run({
      'tests/a.sql':
        'insert into users values (1, null);\nselect id = 2 as second, name is null as nameless from users;\n',
      'tests/b.sql': 'select true where false;\n',
      'tests/c.sql': '-- expect: 2 rows\nselect 1;\n',
      'tests/d.sql': '-- expect: error 23505\nselect 1;\n',
      'tests/e.sql': '-- expect: error 23505\nselect 1 / 0;\n',
      'tests/f.sql': 'select true;\nselect nothing;\n',
      'tests/g.ts': "export default () => {\n  throw new Error('It is not so.')\n}\n",
    })
    expect(status).toBe(1)
    expect(stdout).toBe(
      lines(
        'failed  tests/a.sql: a  DURATION',
        '        tests/a.sql:2:1: second is false, and must be true.',
        'failed  tests/b.sql: b  DURATION',
        '        tests/b.sql:1:1: It gives no row, so it proves nothing; say "-- expect: no rows" where that is meant.',
        'failed  tests/c.sql: c  DURATION',
        '        tests/c.sql:2:1: It gives 1 row, where 2 rows were expected.',
        'failed  tests/d.sql: d  DURATION',
        '        tests/d.sql:2:1: It works, where error 23505 was expected.',
        'failed  tests/e.sql: e  DURATION',
        '        tests/e.sql:2:1: It fails with 22012, where error 23505 was expected: division by zero.',
        'failed  tests/f.sql: f  DURATION',
        '        tests/f.sql:2:1: It fails with 42703: column "nothing" does not exist.',
        'failed  tests/g.ts: g  DURATION',
        '        tests/g.ts:2:9: It is not so.',
        '7 tests: 0 passed, 7 failed.',
      ),
    )
  })

  test('writes a report for CI, and runs only the files that are named', async () => {
    const line = commandLine({
      ...migrations,
      'tests/a.sql': 'select 1 < 0 as "a<b";\n',
      'tests/b.sql': 'select true;\n',
    })
    expect((await line.run(`test tests/a.sql --junit report.xml --shadow ${shadow}`)).status).toBe(1)
    expect(line.read('report.xml').replaceAll(/time="[\d.]+"/g, 'time="0"')).toBe(
      lines(
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<testsuites>',
        '  <testsuite name="default" tests="1" failures="1" skipped="0">',
        '    <testcase name="a" classname="tests/a.sql" time="0">',
        '      <failure message="a&lt;b is false, and must be true.">tests/a.sql:1:1</failure>',
        '    </testcase>',
        '  </testsuite>',
        '</testsuites>',
      ),
    )
    expect((await line.run(`test tests/b.sql --junit no/report.xml --shadow ${shadow}`)).stderr).toBe(
      lines(
        'error [file_unwritable] no/report.xml cannot be written (ENOENT).',
        '  at no/report.xml',
        '  next: Name a place that exists and may be written to.',
      ),
    )
  })

  const knows =
    'A test knows -- test: TITLE, -- at: MIGRATION, -- before: MIGRATION, -- migrate, -- migrate: MIGRATION, -- rollback, -- expect: error SQLSTATE and -- expect: N rows.'
  test.each([
    { text: '-- at: 001\n-- before: 002\nselect true;\n', at: '2:1', says: 'A test begins in one state only.' },
    { text: '-- expect: trouble\nselect true;\n', at: '1:1', says: 'What is expected is not understood: "trouble".' },
    { text: 'select true;\n-- expect: 1 row\n', at: '2:1', says: 'Nothing follows of which this is expected.' },
    { text: '-- nothing\n', at: '1:1', says: 'The test has no statement.' },
    {
      text: '-- migrate\nselect true;\n',
      at: '1:1',
      says: 'What to migrate to is not said: the test has neither "-- before:" nor a name here.',
    },
    {
      text: '-- befor: 002\nselect true;\n',
      at: '1:1',
      says: 'A test does not know "befor:". Did you mean "before:"?',
    },
  ])('refuses what it does not understand before anything runs: $says', async ({ text, at, says }) => {
    const { status, stdout, stderr } = await run({ 'tests/0.sql': 'select true;\n', 'tests/a.sql': text })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(`error [test_invalid] ${says}\n  at tests/a.sql:${at}\n`)
    expect(stderr).toContain(`  next: ${knows}\n`)
  })

  test.each([
    { text: 'export default 3\n', at: 'tests/a.ts', says: 'The default export of a test must be a function.' },
    { text: 'export const at = 3\nexport default () => {}\n', at: 'tests/a.ts', says: 'The export at must be text.' },
    {
      text: "const no = () => {\n  throw new Error('no')\n}\nno()\nexport default () => {}\n",
      at: 'tests/a.ts:2:9',
      says: 'The test threw while it was loaded: no',
    },
  ])('refuses code that is no test: $says', async ({ text, at, says }) => {
    expect((await run({ 'tests/a.ts': text })).stderr).toBe(
      lines(
        `error [test_invalid] ${says}`,
        `  at ${at}`,
        '  next: Write export default async ({ db, sql, migrate }) => { … }, with export const before = "NAME" or at = "NAME".',
      ),
    )
  })

  test('says that there are no tests, that a file is not there, and that SQLite has none', async () => {
    expect((await run({})).stderr).toBe(
      lines(
        'error [test_missing] There are no tests here.',
        '  at tests',
        '  next: Write one, as metastore docs guides/testing shows, or try every migration there and back with --round-trip.',
      ),
    )
    expect((await run({}, 'none.sql')).stderr).toBe(
      lines(
        'error [file_unreadable] The test none.sql cannot be read (ENOENT).',
        '  at none.sql',
        '  next: Check the path.',
      ),
    )
    const sqlite = commandLine({ ...migrations, 'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n' })
    expect((await sqlite.run('test')).stderr).toBe(
      lines(
        'error [not_supported] The migrations of main are for SQLite, and tests run on PostgreSQL.',
        '  at metastore.toml:1:11',
        '  next: Name another database with --database.',
      ),
    )
  })
})

describe('metastore test --round-trip', () => {
  test('takes every migration there and back, and tells those that leave something', async () => {
    const { status, stdout } = await run(
      {
        'migrations/004_left.sql':
          'create table a (id int);\ncreate table b (id int);\n-- metastore:down\ndrop table a;\n',
        'migrations/005_add.toml':
          '[[actions]]\ntype = "add_column"\ntable = "users"\nup = "\'x\'"\n[actions.column]\nname = "vendor"\ntype = "text"\n',
        'migrations/006_broken.sql': 'select nothing;\n',
        'migrations/007_after.sql': 'select 1;\n',
        'migrations/003_search.sql':
          'create extension if not exists citext;\ncreate table c (name citext);\n-- metastore:down\ndrop table c;\n',
      },
      '--round-trip',
    )
    expect(status).toBe(1)
    expect(stdout).toBe(
      lines(
        'passed  migrations/001_users.sql: 001_users goes there and back  DURATION',
        'passed  migrations/002_split.sql: 002_split goes there and back  DURATION',
        'skipped migrations/003_email.sql: 003_email goes there and back  DURATION',
        '        Migration 003_email has no down part, so it cannot be rolled back. Nothing was changed.',
        'passed  migrations/003_search.sql: 003_search goes there and back  DURATION',
        'failed  migrations/004_left.sql: 004_left goes there and back  DURATION',
        '        After it was taken back, the schema is not what it was: Table public.b is there, but is not expected.',
        'passed  migrations/005_add.toml: 005_add goes there and back  DURATION',
        'failed  migrations/006_broken.sql: 006_broken goes there and back  DURATION',
        '        migrations/006_broken.sql:1:8: It cannot be applied: column "nothing" does not exist.',
        '7 tests: 4 passed, 2 failed, 1 skipped.',
      ),
    )
  })

  test('of several databases runs the tests of those that name a directory of them', async () => {
    const toml = (more: string) =>
      `[database.first]\nurl = "pglite:memory"\n${more}\n[database.second]\nurl = "pglite:memory"\n`
    const named = { 'metastore.toml': toml('tests = ["tests"]'), 'tests/unique.sql': unique }
    expect(await run(named)).toEqual({
      status: 0,
      stdout: lines(
        'first',
        'passed  tests/unique.sql: unique  DURATION',
        '1 test: 1 passed, 0 failed.',
        '',
        'second',
        'No tests: metastore.toml names no directory of them.',
      ),
      stderr: '',
    })
    const message = (where: string, first: string) =>
      lines(
        'error [test_missing] No directory of tests is named, and of several databases tests/ belongs to none.',
        `  at ${where}`,
        `  next: Add tests = ["tests"] to [database.${first}] in metastore.toml, or give a file here, with --database.`,
      )
    expect(await run({ ...named, 'metastore.toml': toml('') })).toEqual({
      status: 2,
      stdout: '',
      stderr: message('first, second', 'first'),
    })
    expect(await run(named, '--database second')).toEqual({
      status: 2,
      stdout: '',
      stderr: message('second', 'second'),
    })
    expect(await run(named, 'tests/unique.sql --database second')).toMatchObject({ status: 0 })
  })
})

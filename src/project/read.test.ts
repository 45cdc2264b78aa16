import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { MetastoreError } from '../errors.ts'
import { readProject } from './read.ts'

const settings =
  'The settings of a database are url, migrations, seeds, tests, schema, unknown_keys, expose_views, models, models_tables, models_casing, generate_format, environment, state_schema, history_view, lock_timeout, ' +
  'lock_deadline, lock_wait, wait, bootstrap, admin_url, backup_command, maintenance_window, after_window, max_lag, report_directory, encrypted, keys_variable, keys_file, keys_command, required_variables, tenant_column, seed_sets, report, server.'
const nameIt = 'Give each database a name, and write its settings below a line such as [database.assistant].'
const topLevel = 'At the top level there are only tables such as [database.assistant].'
const correct = 'Correct the line; https://toml.io describes the format.'

function projectWith(file: string | Uint8Array, name = 'metastore.toml'): string {
  const directory = temporaryDirectory()
  writeFileSync(path.join(directory, name), file)
  return directory
}

async function failureOf(work: Promise<unknown>): Promise<MetastoreError> {
  const error = await work.then(
    () => new Error('It did not fail.'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof MetastoreError) return error
  throw error
}

async function failureOfFile(file: string | Uint8Array): Promise<MetastoreError> {
  return failureOf(readProject({ directory: projectWith(file), environment: {} }))
}

describe('a file that cannot be taken as it stands is refused with the place and what to do', () => {
  test.each<[string, string, string, string]>([
    ['a', '1:1', 'metastore.toml is not valid TOML: incomplete key-value: cannot find end of key.', correct],
    ['# 😀\n[database.a]\n"😀" = = 1', '3:7', 'metastore.toml is not valid TOML: invalid value.', correct],
    [
      '[database.a]\r\nurl = "b\r\n',
      '2:9',
      'metastore.toml is not valid TOML: control characters are not allowed in strings.',
      correct,
    ],
    ['[database.a]\nurl = "\\q"', '2:9', 'metastore.toml is not valid TOML: unrecognised escape sequence.', correct],
    [
      '[database.a]\nurl="b"\nurl="c"',
      '3:1',
      'database.a.url is defined twice.',
      'Keep one of the two; the other is at metastore.toml:2:1.',
    ],
    [
      '[database.a]\n[database.b]\n[ database . "a"]',
      '3:14',
      'database.a is defined twice.',
      'Keep one of the two; the other is at metastore.toml:1:11.',
    ],
    [
      'database.a = { wait = "1s", wait = "2s" }',
      '1:29',
      'database.a.wait is defined twice.',
      'Keep one of the two; the other is at metastore.toml:1:16.',
    ],
    ['a = 1\na.b = 2', '2:1', 'A key or table is defined twice.', 'Keep one of the two.'],
    ['database = 1', '1:1', 'database must be a table, not an integer.', nameIt],
    ['database = "postgres://u:hunter2@h/d"', '1:1', 'database must be a table, not a string.', nameIt],
    ['[[database]]', '1:3', 'database must be a table, not an array of tables.', nameIt],
    ['url = "postgres://u:hunter2@h/d"', '1:1', 'The setting url stands in no database.', nameIt],
    ['[database]\nurl = "postgres://u:hunter2@h/d"', '2:1', 'The setting url stands in no database.', nameIt],
    [
      '[database]\na = "postgres://u:hunter2@h/d"',
      '2:1',
      'The database "a" must be a table, not a string.',
      'Write its settings below a line [database.a].',
    ],
    [
      '[[database."a b"]]',
      '1:12',
      'The database "a b" must be a table, not an array of tables.',
      'Write its settings below a line [database."a b"].',
    ],
    ['[database.""]', '1:11', 'A database has an empty name.', nameIt],
    ['[databse.a]', '1:2', 'There is no setting or table "databse".', `Did you mean database? ${topLevel}`],
    ['[tenant.a]', '1:2', 'There is no setting or table "tenant".', topLevel],
    ['"postgres://u:hunter2@h/d" = 1', '1:1', 'There is no setting or table "postgres://…".', topLevel],
    ['"\\u001b[31m\\u202e" = 1', '1:1', 'There is no setting or table "\\u001b[31m\\u202e".', topLevel],
    ['[__proto__]', '1:2', 'There is no setting or table "__proto__".', topLevel],
    [
      '[database.a]\nulr = "postgres://u:hunter2@h/d"',
      '2:1',
      'There is no setting "ulr".',
      `Did you mean url? ${settings}`,
    ],
    [
      '[database.a]\nlock-wait = "1s"',
      '2:1',
      'There is no setting "lock-wait".',
      `Did you mean lock_wait? ${settings}`,
    ],
    ['[database.a]\nconstructor = 1', '2:1', 'There is no setting "constructor".', settings],
    ['[database.a.options]\nb = 1', '1:13', 'There is no setting "options".', settings],
    [
      '[database.a]\nurl = ""',
      '2:7',
      'database.a.url must not be empty.',
      'Give a database URL, or leave the setting out for its default.',
    ],
    ['[database.a]\nurl = "\\u0000"', '2:7', 'database.a.url must not hold a zero byte.', 'Remove the zero byte.'],
    [
      '[database.a]\nurl = "postgres://u:${hunter2@h"',
      '2:7',
      'database.a.url has a reference that cannot be understood.',
      'Write ${NAME}, ${NAME:-default} or ${NAME:?message}, or $${ where no reference is meant.',
    ],
    [
      '[database.a]\nurl = "${UNCLOSED"',
      '2:7',
      'database.a.url has a reference ${ without its closing brace.',
      'Add the }, or write $${ where no reference is meant.',
    ],
    [
      '[database."a.b"]\nmigrations = [\n  "x",\n  1,\n]',
      '4:3',
      'database."a.b".migrations[1] must be a string, not an integer.',
      'Write the path of a directory, in quotes.',
    ],
    [
      '[database.a]\nmigrations = ["${A}", "${B"]',
      '2:23',
      'database.a.migrations[1] has a reference ${ without its closing brace.',
      'Add the }, or write $${ where no reference is meant.',
    ],
    [
      '[database.a]\nmigrations = ["${A}", ""]',
      '2:23',
      'database.a.migrations[1] must not be empty.',
      'Give the path of a directory, or leave the setting out for its default.',
    ],
    [
      '[database.a]\nwait = 10',
      '2:8',
      'database.a.wait must be a duration such as "500ms", "30s", "10m" or "2h", not an integer.',
      'Add the unit, in quotes: wait = "10s" for seconds, "10ms" for milliseconds.',
    ],
    [
      '[database.a]\nwait = 99999999999999999999',
      '2:8',
      'database.a.wait must be a duration such as "500ms", "30s", "10m" or "2h", not an integer.',
      'Write wait = "30s", in quotes.',
    ],
    [
      '[database.a]\nurl = 1979-05-27',
      '2:7',
      'database.a.url must be a string, not a date or time.',
      'Write url = "…", in quotes.',
    ],
    [
      '[database.a]\nadmin_url = [\n"postgres://u:hunter2@h/d"]',
      '2:13',
      'database.a.admin_url must be a string, not an array.',
      'Write admin_url = "…", in quotes.',
    ],
    [
      '[database.a]\nlock_wait = "postgres://u:hunter2@h/d"',
      '2:13',
      'database.a.lock_wait must be a duration such as "500ms", "30s", "10m" or "2h", not a string of another form.',
      'Give a number and, right behind it, a unit: ms, s, m or h.',
    ],
  ])('%j', async (text, place, message, remedy) => {
    const error = await failureOfFile(text)
    expect(error.toJSON()).toEqual({
      code: 'configuration_invalid',
      message,
      where: `metastore.toml:${place}`,
      remedy,
      details: [],
    })
    // Neither in a message nor in what a stack trace with its causes would show.
    expect(`${error.stack}${JSON.stringify(error)}${String(error.cause)}`).not.toContain('hunter2')
  })

  test('a syntax error beside a password shows neither the line nor the password', async () => {
    const error = await failureOfFile('[database.a]\nurl = "postgres://u:hunter2@h/d" oops')
    expect(error.message).toBe(
      'metastore.toml is not valid TOML: each key-value declaration must be followed by an end-of-line.',
    )
    expect(`${error.stack}${JSON.stringify(error)}${String(error.cause)}`).not.toContain('hunter2')
  })

  test('all problems of a file are told at once, in the order of the file', async () => {
    const error = await failureOfFile('[database.b]\nwait = "x"\nulr = 1\n[databse]\n[database.a]\nbootstrap = 1\n')
    expect(error.toJSON()).toEqual({
      code: 'configuration_invalid',
      message: 'database.b.wait must be a duration such as "500ms", "30s", "10m" or "2h", not "x".',
      where: 'metastore.toml:2:8',
      remedy: 'Give a number and, right behind it, a unit: ms, s, m or h.',
      details: [
        'metastore.toml:2:8: database.b.wait must be a duration such as "500ms", "30s", "10m" or "2h", not "x". Give a number and, right behind it, a unit: ms, s, m or h.',
        `metastore.toml:3:1: There is no setting "ulr". Did you mean url? ${settings}`,
        `metastore.toml:4:2: There is no setting or table "databse". Did you mean database? ${topLevel}`,
        'metastore.toml:6:13: database.a.bootstrap must be a boolean, not an integer. Write bootstrap = true or bootstrap = false, without quotes.',
      ],
    })
  })

  test.each<[string, Uint8Array, string, string, string]>([
    [
      'a zero byte',
      Buffer.from('a = "é"\n# \0'),
      ':2:3',
      'metastore.toml holds a zero byte.',
      'Remove it, and save the file as UTF-8.',
    ],
    [
      'a byte that is not UTF-8',
      Buffer.from('# é\n', 'latin1'),
      ':1:3',
      'metastore.toml is not UTF-8 text.',
      'Save the file as UTF-8.',
    ],
    [
      'a byte that is not UTF-8 behind some that are',
      Buffer.concat([Buffer.from('# é\n# 😀x'), Buffer.from([0xff, 10])]),
      ':2:5',
      'metastore.toml is not UTF-8 text.',
      'Save the file as UTF-8.',
    ],
    [
      'a character that is cut off at the end',
      Buffer.from('# é').subarray(0, 3),
      ':1:3',
      'metastore.toml is not UTF-8 text.',
      'Save the file as UTF-8.',
    ],
    [
      'UTF-16',
      Buffer.from('\uFEFF[database.a]', 'utf16le'),
      ':1:1',
      'metastore.toml is not UTF-8 text.',
      'Save the file as UTF-8.',
    ],
    [
      'ten megabytes',
      Buffer.alloc(10 * 1024 * 1024, '# comment\n'),
      '',
      'metastore.toml has 10.0 MiB, more than the 1 MiB that a file of settings can have.',
      'Make sure that it is the right file.',
    ],
  ])('%s', async (_, bytes, place, message, remedy) => {
    expect((await failureOfFile(bytes)).toJSON()).toEqual({
      code: 'configuration_invalid',
      message,
      where: `metastore.toml${place}`,
      remedy,
      details: [],
    })
  })

  test('a directory of the name', async () => {
    const directory = temporaryDirectory()
    mkdirSync(path.join(directory, 'metastore.toml'))
    expect((await failureOf(readProject({ directory, environment: {} }))).toJSON()).toEqual({
      code: 'configuration_invalid',
      message: 'metastore.toml is a directory, not a file.',
      where: 'metastore.toml',
      remedy: 'Put a file of text in its place.',
      details: [],
    })
  })

  test('a device', async () => {
    const directory = temporaryDirectory()
    symlinkSync('/dev/zero', path.join(directory, 'metastore.toml'))
    const error = await failureOf(readProject({ directory, environment: {} }))
    expect([error.code, error.message]).toEqual(['configuration_invalid', 'metastore.toml is not a regular file.'])
  })

  test('a file that the system refuses to read', async () => {
    const directory = temporaryDirectory()
    symlinkSync('metastore.toml', path.join(directory, 'metastore.toml'))
    expect((await failureOf(readProject({ directory, environment: {} }))).toJSON()).toEqual({
      code: 'file_unreadable',
      message: 'metastore.toml cannot be read: the system said ELOOP.',
      where: 'metastore.toml',
      remedy: 'Make the file readable for the user who runs metastore.',
      details: [],
    })
  })

  test('a file without permission to read it', async () => {
    const directory = projectWith('')
    chmodSync(path.join(directory, 'metastore.toml'), 0)
    const error = await asOrdinaryUser(() => failureOf(readProject({ directory, environment: {} })))
    expect([error.code, error.message]).toEqual([
      'file_unreadable',
      'metastore.toml cannot be read: permission was denied.',
    ])
  })

  test('a broken link', async () => {
    const directory = temporaryDirectory()
    symlinkSync('nowhere.toml', path.join(directory, 'metastore.toml'))
    expect((await failureOf(readProject({ directory, environment: {} }))).toJSON()).toEqual({
      code: 'configuration_missing',
      message: 'There is no file metastore.toml.',
      where: 'metastore.toml',
      remedy: 'Check the path after --project, or write the file.',
      details: [],
    })
  })

  test('a directory that is not there', async () => {
    const directory = path.join(temporaryDirectory(), 'gone')
    const error = await failureOf(
      readProject({ directory, workingDirectory: path.dirname(directory), environment: {} }),
    )
    expect(error.toJSON()).toEqual({
      code: 'configuration_missing',
      message: 'There is no project at gone: the path does not exist.',
      where: 'gone',
      remedy: 'Check the path after --project: it names the directory of a project, or its configuration file.',
      details: [],
    })
  })
})

// Root may read everything, so the test gives up its rights for a moment.
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

describe('a file that is fine', () => {
  test.each([
    ['is empty', '', ['default']],
    ['holds comments only', '# nothing\n', ['default']],
    ['holds an empty table of databases', '[database]\n', ['default']],
    ['begins with a byte order mark', '\uFEFF[database.a]\nurl = "sqlite:a"', ['a']],
    ['has Windows ends of lines', '[database.a]\r\nurl = "sqlite:a"\r\n[database.b]\r\n', ['a', 'b']],
    [
      'orders its databases otherwise than numbers',
      '[database.10]\n[database.9]\n[database.a]\n[database.1]',
      ['10', '9', 'a', '1'],
    ],
    [
      'has names that objects know',
      '[database.__proto__]\n[database.constructor]\n[database.toString]',
      ['__proto__', 'constructor', 'toString'],
    ],
    [
      'has odd names',
      '[database."a b/c"]\n[database."../😀"]\n[database."x\'; drop table y --"]',
      ['a b/c', '../😀', "x'; drop table y --"],
    ],
    ['has inline tables and dotted keys', 'database.b.wait = "1s"\ndatabase.a = { wait = "1s" }', ['b', 'a']],
  ])('%s', async (_, text, names) => {
    const project = await readProject({ directory: projectWith(text), environment: {} })
    expect(project.databases.map(({ name }) => name)).toEqual(names)
    expect(project.file).toBe('metastore.toml')
  })

  test('ten thousand databases are read', async () => {
    const text = Array.from({ length: 10_000 }, (_, index) => `[database.d${index}]\nwait = "${index}s"\n`).join('')
    const { databases } = await readProject({ directory: projectWith(text), environment: {} })
    expect(databases.at(-1)).toMatchObject({ name: 'd9999', wait: 9_999_000, where: 'metastore.toml:19999:11' })
  })
})

test('without a file there is one database with the defaults', async () => {
  const directory = temporaryDirectory()
  const project = await readProject({ directory, environment: {} })
  expect(project).toMatchObject({ directory, file: null, named: [] })
  expect(project.databases).toHaveLength(1)
  expect(project.databases[0]).toMatchObject({
    name: 'default',
    where: null,
    url: 'pglite:.metastore/default',
    urlDirectory: directory,
    migrations: [{ path: 'migrations', absolute: path.join(directory, 'migrations') }],
    seeds: [{ path: 'seeds', absolute: path.join(directory, 'seeds') }],
    tests: [{ path: 'tests', absolute: path.join(directory, 'tests') }],
    schema: 'public',
    unknownKeys: 'error',
    environment: null,
    stateSchema: 'metastore',
    historyView: null,
    lockTimeout: 500,
    lockDeadline: 600_000,
    lockWait: 600_000,
    wait: 0,
    bootstrap: false,
    adminUrl: null,
  })
})

test('every setting of a file is taken, with its place', async () => {
  const directory = projectWith(`[database.assistant]
url = "postgres://u@h/d"
migrations = ["a", "../b"]
seeds = []
schema = "app"
environment = "production"
state_schema = "ms"
history_view = "schema_migrations"
lock_timeout = "1s"
lock_deadline = "90s"
lock_wait = "2m"
wait = "1h"
bootstrap = true
  admin_url = "postgres://admin@h/d"
`)
  const [database] = (await readProject({ directory, environment: {} })).databases
  expect(database).toMatchObject({
    name: 'assistant',
    where: 'metastore.toml:1:11',
    url: 'postgres://u@h/d',
    migrations: [
      { path: 'a', absolute: path.join(directory, 'a') },
      { path: '../b', absolute: path.join(path.dirname(directory), 'b') },
    ],
    seeds: [],
    schema: 'app',
    environment: 'production',
    stateSchema: 'ms',
    historyView: 'schema_migrations',
    lockTimeout: 1000,
    lockDeadline: 90_000,
    lockWait: 120_000,
    wait: 3_600_000,
    bootstrap: true,
    adminUrl: 'postgres://admin@h/d',
    origins: {
      url: { from: 'file', name: null, where: 'metastore.toml:2:1' },
      adminUrl: { from: 'file', name: null, where: 'metastore.toml:14:3' },
    },
  })
})

test('the default URLs of databases with odd names lie beside each other below .metastore', async () => {
  const names = ['a', 'A/b', '..', '../x', '.', 'a~b', 'ü', 'x y?#', '\u{1F600}', '~2e~']
  const text = names.map((name) => `[database.${JSON.stringify(name)}]\n`).join('')
  const directory = projectWith(text)
  const { databases } = await readProject({ directory, environment: {} })
  const directories = databases.map(({ url }) => path.resolve(directory, url.replace(/^pglite:/, '')))
  expect(new Set(directories).size).toBe(names.length)
  expect(directories.map((one) => path.dirname(one))).toEqual(names.map(() => path.join(directory, '.metastore')))
  expect(databases[0]?.url).toBe('pglite:.metastore/a')
  expect(databases[1]?.url).toBe('pglite:.metastore/A~2f~b')
})

test('what is read is frozen', async () => {
  const project = await readProject({ directory: projectWith('[database.a]\n'), environment: {} })
  const [database] = project.databases
  for (const part of [
    project,
    project.databases,
    project.named,
    database,
    database?.origins,
    database?.origins.url,
    database?.migrations,
    database?.migrations[0],
  ]) {
    expect(Object.isFrozen(part)).toBe(true)
  }
})

test('a path in a message is relative to the working directory', async () => {
  const directory = projectWith('a = 1')
  const inside = path.join(directory, 'deep', 'down')
  mkdirSync(inside, { recursive: true })
  const error = await failureOf(readProject({ directory, workingDirectory: inside, environment: {} }))
  expect(error.where).toBe(path.join('..', '..', 'metastore.toml:1:1'))
})

describe('the settings of the server', () => {
  const read = (file: string) => readProject({ directory: projectWith(file), environment: {} })

  test('stand below [server] for all databases, and below a database for that one, which wins', async () => {
    const { databases } = await read(
      '[server]\nport = 8080\nhost = "0.0.0.0"\n[database.a]\n[database.b]\nserver_log = "warn"\n[database.b.server]\nport = 9090\n',
    )
    expect(databases.map(({ serverPort, serverHost, serverLog }) => [serverPort, serverHost, serverLog])).toEqual([
      [8080, '0.0.0.0', 'info'],
      [9090, '0.0.0.0', 'warn'],
    ])
    expect(databases[1]?.origins.serverPort.where).toBe('metastore.toml:8:1')
  })

  test('may stand alone', async () => {
    const { databases } = await read('[server]\nport = 8080\n')
    expect(databases.map(({ name, serverPort }) => [name, serverPort])).toEqual([['default', 8080]])
  })

  test('are refused where they are not known or no table', async () => {
    expect(await failureOfFile('[database.a]\n[server]\nprot = 1\n')).toMatchObject({
      where: 'metastore.toml:3:1',
      message: 'There is no setting "prot" of the server.',
      remedy: expect.stringMatching(/^Did you mean port\? Its settings are host, port, auth, .*, log\.$/) as string,
    })
    expect(await failureOfFile('server = 1\n[database.a]\n')).toMatchObject({
      where: 'metastore.toml:1:1',
      message: 'server must be a table, not an integer.',
      remedy: 'Write its settings below a line [server].',
    })
  })
})

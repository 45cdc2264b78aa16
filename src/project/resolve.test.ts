import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { MetastoreError } from '../errors.ts'
import type { Flags } from './flags.ts'
import type { DatabaseSettings, Project } from './project.ts'
import { readProject } from './read.ts'
import { settingNames, type SettingName } from './settings.ts'

interface Given {
  readonly file?: string
  readonly env?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly flags?: Flags
}

async function read({ file, env, environment = {}, flags = {} }: Given): Promise<Project> {
  const directory = temporaryDirectory()
  if (file !== undefined) writeFileSync(path.join(directory, 'metastore.toml'), file)
  if (env !== undefined) writeFileSync(path.join(directory, '.env'), env)
  return readProject({ directory, environment, flags })
}

async function first(given: Given): Promise<DatabaseSettings> {
  const [database] = (await read(given)).databases
  if (!database) throw new Error('There is no database.')
  return database
}

async function refusal(work: () => unknown): Promise<MetastoreError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof MetastoreError) return error
    throw error
  }
  throw new Error('It did not fail.')
}

describe('who wins', () => {
  const file = '[database.a]\nwait = "1s"\n'
  const env = 'METASTORE_WAIT=2s\n'
  const environment = { METASTORE_WAIT: '3s' }
  test.each<[string, Given, number, object]>([
    [
      'the flag over everything',
      { file, env, environment, flags: { wait: '4s' } },
      4000,
      { from: 'flag', name: '--wait', where: null },
    ],
    [
      'the environment over .env',
      { file, env, environment },
      3000,
      { from: 'environment', name: 'METASTORE_WAIT', where: null },
    ],
    ['.env over the file', { file, env }, 2000, { from: '.env', name: 'METASTORE_WAIT', where: null }],
    ['the file over the default', { file }, 1000, { from: 'file', name: null, where: 'metastore.toml:2:1' }],
    ['the default over nothing', {}, 0, { from: 'default', name: null, where: null }],
    ['nobody when a variable is empty', { file, environment: { METASTORE_WAIT: '' } }, 1000, { from: 'file' }],
    ['nobody when a flag is undefined', { file, flags: { wait: undefined } }, 1000, { from: 'file' }],
  ])('%s', async (_, given, wait, origin) => {
    const database = await first(given)
    expect(database.wait).toBe(wait)
    expect(database.origins.wait).toMatchObject(origin)
  })

  test('every setting can be given by its variable', async () => {
    const database = await first({
      environment: {
        DATABASE_URL: 'sqlite:x',
        METASTORE_MIGRATIONS: 'a, b',
        METASTORE_SEEDS: 'c',
        METASTORE_TESTS: 't',
        METASTORE_SCHEMA: 'b',
        METASTORE_UNKNOWN_KEYS: 'warn',
        METASTORE_EXPOSE_VIEWS: 'false',
        METASTORE_MODELS: 'm.ts',
        METASTORE_MODELS_TABLES: 'a,s.b',
        METASTORE_MODELS_CASING: 'snake_case',
        METASTORE_GENERATE_FORMAT: 'toml',
        METASTORE_ENVIRONMENT: 'production',
        METASTORE_STATE_SCHEMA: 's',
        METASTORE_HISTORY_VIEW: 'h',
        METASTORE_LOCK_TIMEOUT: '1ms',
        METASTORE_LOCK_DEADLINE: '4ms',
        METASTORE_LOCK_WAIT: '2ms',
        METASTORE_WAIT: '3ms',
        METASTORE_BOOTSTRAP: 'true',
        METASTORE_ADMIN_URL: 'postgres://a@h/d',
        METASTORE_BACKUP_COMMAND: 'pg_dump -Fc',
        METASTORE_MAINTENANCE_WINDOW: 'Sat 01:00-05:00',
        METASTORE_AFTER_WINDOW: 'pause',
        METASTORE_MAX_LAG: '5ms',
        METASTORE_ENCRYPTED: 'a.b, s.c.d',
        METASTORE_KEYS_VARIABLE: 'K',
        METASTORE_KEYS_FILE: 'f',
        METASTORE_REPORT_DIRECTORY: 'r',
        METASTORE_REQUIRED_VARIABLES: 'A,B',
        METASTORE_KEYS_COMMAND: 'print --keys a,b',
        METASTORE_TENANT_COLUMN: 't',
        METASTORE_SERVER_HOST: 'h',
        METASTORE_SERVER_PORT: '1',
        METASTORE_SERVER_AUTH: 'none',
        METASTORE_SERVER_TENANT: 't',
        METASTORE_SERVER_JWKS: 'k',
        METASTORE_SERVER_JWT_ISSUER: 'i',
        METASTORE_SERVER_JWT_AUDIENCE: 'a',
        METASTORE_SERVER_JWT_TENANT_CLAIM: 'x',
        METASTORE_SERVER_JWT_ROLE_CLAIM: 'y',
        METASTORE_SERVER_JWT_USER_CLAIM: 'z',
        METASTORE_SERVER_CORS: 'a,b',
        METASTORE_SERVER_BODY_MB: '2',
        METASTORE_SERVER_REQUESTS_PER_MINUTE: '3',
        METASTORE_SERVER_CONNECTIONS: '4',
        METASTORE_SERVER_LINGER: '5s',
        METASTORE_SERVER_GRAPHS: 'g',
        METASTORE_SERVER_LOG: 'warn',
        METASTORE_SERVER_EMBEDDINGS_MODEL: 'e',
        METASTORE_SERVER_EMBEDDINGS_URL: 'http://e/',
        METASTORE_SERVER_EMBEDDINGS_KEY_ENV: 'K',
        METASTORE_SERVER_EMBEDDINGS_SIZE: '5',
        METASTORE_SERVER_EMBEDDINGS_FIELDS: 'a,b',
        METASTORE_SERVER_WEBHOOK_SECRET_FILE: 'w',
        METASTORE_SERVER_WEBHOOK_PRIVATE: 'true',
        METASTORE_SERVER_WEBHOOK_BASE: 'http://h/',
      },
    })
    expect(database).toMatchObject({
      url: 'sqlite:x',
      migrations: [{ path: 'a' }, { path: 'b' }],
      seeds: [{ path: 'c' }],
      tests: [{ path: 't' }],
      schema: 'b',
      unknownKeys: 'warn',
      exposeViews: false,
      models: [{ path: 'm.ts' }],
      modelsTables: ['a', 's.b'],
      modelsCasing: 'snake_case',
      generateFormat: 'toml',
      environment: 'production',
      stateSchema: 's',
      historyView: 'h',
      lockTimeout: 1,
      lockDeadline: 4,
      lockWait: 2,
      wait: 3,
      bootstrap: true,
      adminUrl: 'postgres://a@h/d',
      backupCommand: ['pg_dump', '-Fc'],
      maintenanceWindow: 'Sat 01:00-05:00',
      afterWindow: 'pause',
      maxLag: 5,
      encrypted: ['a.b', 's.c.d'],
      keysVariable: 'K',
      keysFile: { path: 'f' },
      keysCommand: ['print', '--keys', 'a,b'],
      tenantColumn: 't',
      serverHost: 'h',
      serverPort: 1,
      serverAuth: 'none',
      serverTenant: 't',
      serverJwks: 'k',
      serverJwtIssuer: 'i',
      serverJwtAudience: 'a',
      serverJwtTenantClaim: 'x',
      serverJwtRoleClaim: 'y',
      serverJwtUserClaim: 'z',
      serverCors: ['a', 'b'],
      serverBodyMb: 2,
      serverRequestsPerMinute: 3,
      serverConnections: 4,
      serverLinger: 5000,
      serverGraphs: { path: 'g' },
      serverEmbeddingsModel: 'e',
      serverEmbeddingsUrl: 'http://e/',
      serverEmbeddingsKeyEnv: 'K',
      serverEmbeddingsSize: 5,
      serverEmbeddingsFields: ['a', 'b'],
      serverLog: 'warn',
      serverWebhookSecretFile: { path: 'w' },
      serverWebhookPrivate: true,
      serverWebhookBase: 'http://h/',
    })
    for (const name of settingNames) expect(database.origins[name].from).toBe('environment')
  })
})

describe('DATABASE_URL and DB_URL', () => {
  const two = '[database.a]\nurl = "sqlite:a"\n[database.b]\nurl = "sqlite:b"\n'
  const environment = { DATABASE_URL: 'sqlite:x', DB_URL: 'sqlite:y' }
  const urls = async (given: Given) => (await read(given)).databases.map(({ url }) => url)

  test('set the URL of the only database, and the first of the two wins', async () => {
    expect(await urls({ environment })).toEqual(['sqlite:x'])
    expect(await urls({ environment: { DB_URL: 'sqlite:y' } })).toEqual(['sqlite:y'])
    expect(await urls({ file: '[database.a]\nurl = "sqlite:a"\n', environment })).toEqual(['sqlite:x'])
  })

  test('DATABASE_URL of .env wins over DB_URL of the environment', async () => {
    expect(await urls({ env: 'DATABASE_URL=sqlite:x', environment: { DB_URL: 'sqlite:y' } })).toEqual(['sqlite:x'])
  })

  test('set nothing where several databases are declared and none or two are named', async () => {
    expect(await urls({ file: two, environment })).toEqual(['sqlite:a', 'sqlite:b'])
    expect(await urls({ file: two, environment, flags: { database: ['a', 'b'] } })).toEqual(['sqlite:a', 'sqlite:b'])
  })

  test('set the URL of the one database that is named', async () => {
    expect(await urls({ file: two, environment, flags: { database: 'b' } })).toEqual(['sqlite:a', 'sqlite:x'])
    expect(await urls({ file: two, environment, flags: { database: ['b', 'b'] } })).toEqual(['sqlite:a', 'sqlite:x'])
  })

  test('lose against --url', async () => {
    expect(await urls({ environment, flags: { url: 'sqlite:z' } })).toEqual(['sqlite:z'])
  })
})

describe('flags', () => {
  const two = '[database.a]\n[database."b c"]\n'

  test('paths of flags are relative to the working directory, all others to the project', async () => {
    const directory = temporaryDirectory()
    const inside = path.join(directory, 'deep')
    mkdirSync(inside)
    const flags: Flags = { url: 'sqlite:x', migrations: ['m', '../n'] }
    const project = await readProject({
      directory,
      workingDirectory: inside,
      environment: { METASTORE_SEEDS: 's' },
      flags,
    })
    expect(project.databases[0]).toMatchObject({
      urlDirectory: inside,
      migrations: [
        { path: 'm', absolute: path.join(inside, 'm') },
        { path: '../n', absolute: path.join(directory, 'n') },
      ],
      seeds: [{ path: 's', absolute: path.join(directory, 's') }],
    })
  })

  test('a flag that every database can share is for all of them', async () => {
    const { databases } = await read({ file: two, flags: { wait: '1s', bootstrap: true } })
    expect(databases.map(({ wait, bootstrap }) => [wait, bootstrap])).toEqual([
      [1000, true],
      [1000, true],
    ])
  })

  test.each<[Flags, string, string, string]>([
    [
      { url: 'sqlite:x' },
      '--url is for one database, but the command is for 2.',
      '--url',
      'Name the one that is meant, with --database NAME: "a", "b c".',
    ],
    [
      { migrations: ['x'], database: ['a', 'b c'] },
      '--dirs is for one database, but the command is for 2.',
      '--dirs',
      'Name the one that is meant, with --database NAME: "a", "b c".',
    ],
    [
      { wait: 'soon' },
      '--wait must be a duration such as "500ms", "30s", "10m" or "2h", not "soon".',
      '--wait',
      'Give a number and, right behind it, a unit: ms, s, m or h.',
    ],
    [
      { url: '', database: 'a' },
      '--url must not be empty.',
      '--url',
      'Give a database URL, or leave the setting out for its default.',
    ],
    [
      { migrations: [''], database: 'a' },
      '--dirs must not be empty.',
      '--dirs',
      'Give the path of a directory, or leave the setting out for its default.',
    ],
  ])('%j is refused', async (flags, message, where, remedy) => {
    const error = await refusal(() => read({ file: two, flags }))
    expect(error.toJSON()).toEqual({ code: 'usage', message, where, remedy, details: [] })
  })

  test('a flag for one database is for the one that is named', async () => {
    const { databases } = await read({ file: two, flags: { url: 'sqlite:x', database: 'b c' } })
    expect(databases.map(({ url }) => url)).toEqual(['pglite:.metastore/a', 'sqlite:x'])
  })
})

describe('references to variables', () => {
  test.each<[string, SettingName, unknown]>([
    ['url = "postgres://u:${PW}@${HOST:-localhost}/d"', 'url', 'postgres://u:hunter2@localhost/d'],
    ['url = "a$${PW}"', 'url', 'a${PW}'],
    ['url = "${NONE:-${PW}}"', 'url', 'hunter2'],
    ['wait = "${SECONDS}s"', 'wait', 7000],
    ['bootstrap = "${YES}"', 'bootstrap', true],
    ["environment = '${NONE:-a b}'", 'environment', 'a b'],
  ])('%s', async (line, setting, expected) => {
    const environment = { PW: 'hunter2', SECONDS: '7', YES: 'true' }
    expect((await first({ file: `[database.a]\n${line}\n`, environment }))[setting]).toEqual(expected)
  })

  test('the elements of an array are resolved one by one, commas and all', async () => {
    const file = '[database.a]\nmigrations = ["x", "${D}/y", "$${D}"]\nseeds = "${LIST}"\n'
    const { migrations, seeds } = await first({ file, environment: { D: 'p,q', LIST: 'a,b' } })
    expect(migrations.map((one) => one.path)).toEqual(['x', 'p,q/y', '${D}'])
    expect(seeds.map((one) => one.path)).toEqual(['a', 'b'])
  })

  test('what a variable holds is not read again', async () => {
    const file = '[database.a]\nurl = "${A}"\n'
    expect((await first({ file, environment: { A: '${B}' } })).url).toBe('${B}')
  })

  test('variables come from .env, and the real environment wins', async () => {
    const file = '[database.a]\nurl = "${A}-${B}"\n'
    const env = '\uFEFFA=one # comment\r\nexport B="two"\r\n'
    expect((await first({ file, env })).url).toBe('one-two')
    expect((await first({ file, env, environment: { B: '2' } })).url).toBe('one-2')
  })

  test.each<[string, SettingName, string, string, string]>([
    ['url = "x${NONE}"', 'url', '2:9', 'NONE is not set, but the url of database "a" refers to it.', 'NONE'],
    ['url = "${PW}${NONE}"', 'url', '2:13', 'NONE is not set, but the url of database "a" refers to it.', 'NONE'],
    ['url = """\n  😀${NONE}"""', 'url', '3:4', 'NONE is not set, but the url of database "a" refers to it.', 'NONE'],
    [
      'url = "${NONE:?ask the admins.}"',
      'url',
      '2:8',
      'NONE is not set, but the url of database "a" refers to it: ask the admins.',
      'NONE',
    ],
    ['url = "${EMPTY:?}"', 'url', '2:8', 'EMPTY is empty, but the url of database "a" refers to it.', 'EMPTY'],
    ['url = "\\u0024{NONE}"', 'url', '2:7', 'NONE is not set, but the url of database "a" refers to it.', 'NONE'],
    [
      'migrations = ["${PW}",\n"${NONE}"]',
      'migrations',
      '3:2',
      'NONE is not set, but the migrations of database "a" refers to it.',
      'NONE',
    ],
    [
      'url = "${__proto__}"',
      'url',
      '2:8',
      '__proto__ is not set, but the url of database "a" refers to it.',
      '__proto__',
    ],
  ])('%j tells what is missing, where, when the setting is asked for', async (line, setting, place, message, name) => {
    const file = `[database.a]\n${line}\n[database.b]\n`
    const { databases } = await read({ file, environment: { PW: 'hunter2', EMPTY: '' } })
    expect(databases.map((database) => database.wait)).toEqual([0, 0])
    expect(databases[1]?.[setting]).toBeDefined()
    const error = await refusal(() => databases[0]?.[setting])
    expect(error.toJSON()).toEqual({
      code: 'variable_missing',
      message: `The environment variable ${message}`,
      where: `metastore.toml:${place}`,
      remedy: `Set ${name} in the environment or in .env, or give it a default in the file: \${${name}:-…}.`,
      details: [],
    })
  })

  test('a missing variable does not matter where a flag or a variable gives the setting', async () => {
    const file = '[database.a]\nurl = "${NONE}"\n'
    expect((await first({ file, flags: { url: 'sqlite:x' } })).url).toBe('sqlite:x')
    expect((await first({ file, environment: { DATABASE_URL: 'sqlite:y' } })).url).toBe('sqlite:y')
  })
})

describe('a value from the environment that does not fit is told when it is asked for, without the value', () => {
  const duration = 'must be a duration such as "500ms", "30s", "10m" or "2h".'
  const unit = 'Give a number and, right behind it, a unit: ms, s, m or h.'
  test.each<[Given, SettingName, string, string, string]>([
    [
      { environment: { METASTORE_LOCK_WAIT: 'hunter2' } },
      'lockWait',
      `The environment variable METASTORE_LOCK_WAIT ${duration}`,
      'METASTORE_LOCK_WAIT',
      unit,
    ],
    [
      { env: 'METASTORE_LOCK_WAIT=hunter2' },
      'lockWait',
      `The environment variable METASTORE_LOCK_WAIT ${duration}`,
      'METASTORE_LOCK_WAIT',
      unit,
    ],
    [
      { environment: { METASTORE_BOOTSTRAP: 'hunter2' } },
      'bootstrap',
      'The environment variable METASTORE_BOOTSTRAP must be true or false.',
      'METASTORE_BOOTSTRAP',
      'Give true or false.',
    ],
    [
      { file: '[database.a]\nwait = "${PW}"', environment: { PW: 'hunter2' } },
      'wait',
      `The wait of database "a", with its variables filled in, ${duration}`,
      'metastore.toml:2:1',
      unit,
    ],
    [
      { file: '[database.a]\nurl = "${E}"', environment: { E: '' } },
      'url',
      'The url of database "a", with its variables filled in, must not be empty.',
      'metastore.toml:2:1',
      'Give a database URL, or leave the setting out for its default.',
    ],
    [
      { file: '[database.a]\nseeds = ["a", "${E}"]', environment: { E: '' } },
      'seeds',
      'The seeds of database "a", with its variables filled in, must not be empty.',
      'metastore.toml:2:1',
      'Give the path of a directory, or leave the setting out for its default.',
    ],
  ])('%j', async (given, setting, message, where, remedy) => {
    const database = await first(given)
    const error = await refusal(() => database[setting])
    expect(error.toJSON()).toEqual({ code: 'configuration_invalid', message, where, remedy, details: [] })
    expect(database.problems[setting]).toBe(error)
    expect(JSON.stringify(error)).not.toContain('hunter2')
  })
})

describe('.env', () => {
  test('a directory of this name, as Python has them, is passed over', async () => {
    const directory = temporaryDirectory()
    mkdirSync(path.join(directory, '.env'))
    expect((await readProject({ directory, environment: {} })).databases).toHaveLength(1)
  })

  test('one that is no text is refused', async () => {
    const directory = temporaryDirectory()
    writeFileSync(path.join(directory, '.env'), Buffer.from([0x41, 0x3d, 0xff]))
    const error = await refusal(() => readProject({ directory, environment: {} }))
    expect(error.toJSON()).toEqual({
      code: 'file_unreadable',
      message: '.env is not UTF-8 text.',
      where: '.env:1:3',
      remedy: 'Save the file as UTF-8.',
      details: [],
    })
  })

  test('one in another directory than the project is not read', async () => {
    const directory = temporaryDirectory()
    const inside = path.join(directory, 'project')
    mkdirSync(inside)
    writeFileSync(path.join(directory, '.env'), 'METASTORE_WAIT=2s')
    const project = await readProject({ directory: inside, workingDirectory: directory, environment: {} })
    expect(project.databases[0]?.wait).toBe(0)
  })
})

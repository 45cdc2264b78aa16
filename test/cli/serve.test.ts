import { beforeAll, describe, expect, test } from 'vitest'
import { freshPostgresUrl, freshSchema } from '../harness/engines.ts'
import { modules, schemaDirectory } from '../shipped-schema/migrate.ts'
import { anna, rowsOf } from '../shipped-schema/world.ts'
import { id, openDatabase, sql } from '../../src/database/database.ts'
import { startEmbeddingServer } from '../harness/embedding-server.ts'
import { recordTelemetry } from '../harness/telemetry.ts'
import { commandLine, lines, type CommandLine } from './command-line.ts'

const migrations = modules.map((name) => `"${schemaDirectory}/${name}"`).join(', ')

function projectOn(url: string, more = ''): CommandLine {
  return commandLine({ 'metastore.toml': `[database.main]\nurl = "${url}"\nmigrations = [${migrations}]\n${more}` })
}

/** Runs a server until it has said that it answers and `use` has come to its end. */
async function serving(
  line: CommandLine,
  words: string,
  use: (url: string) => Promise<void>,
  environment: Readonly<Record<string, string>> = {},
) {
  const stop = new AbortController()
  let said = ''
  let using: Promise<void> | undefined
  const onWrite = (text: string): void => {
    said += text
    const [, url] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(said) ?? []
    if (url === undefined || using !== undefined) return
    using = use(url).finally(() => stop.abort())
    // It is awaited below, when the server has stopped.
    using.catch(() => {})
  }
  const outcome = await line.run(words, { signal: stop.signal, onWrite, environment })
  await using
  const without = (text: string): string =>
    text.replaceAll(/127\.0\.0\.1:\d+(?!\/)/g, 'HOST').replaceAll(/:\d{4,5}/g, ':PORT')
  return { status: outcome.status, stdout: without(outcome.stdout), stderr: outcome.stderr }
}

describe('serve', () => {
  let url: string
  let line: CommandLine

  beforeAll(async () => {
    url = (await freshSchema(18)).url
    await using database = await openDatabase(url)
    await using session = await database.session()
    await session.script(rowsOf(anna))
    line = projectOn(url)
  })

  test('says where it answers, lets in whoever has a key, writes its log, and stops when it is told to', async () => {
    const made = await line.json(`api-keys create test --tenant ${anna}`)
    const { key } = made.document as { key: string }
    const { status, stdout, stderr } = await serving(line, 'serve --port 0', async (server) => {
      const target = `${server}/assistants/00000000-0000-0000-0000-000000000001`
      const ask = async (headers: Record<string, string>) => (await fetch(target, { headers })).status
      expect(await ask({})).toBe(401)
      expect(await ask({ 'x-api-key': key })).toBe(404)
      expect(await (await fetch(`${server}/ready`)).json()).toEqual({ ready: true })
    })
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^Serving postgres:.*\n {2}schema {2}migration_1200_settings\n {2}docs {4}http:.*\/docs\nStopped: everything that was under way has come to its end\.\n$/,
    )
    const log = stderr
      .trimEnd()
      .split('\n')
      .map((one) => JSON.parse(one) as { msg: string })
    expect(log.map(({ msg }) => msg)).toEqual([
      'listening',
      'request answered',
      'request answered',
      'request answered',
      'stopped',
    ])
    expect(stderr).not.toContain(key)
  })

  test('says in its log when an embedding model cannot be asked, or the database has no place for what it says', async () => {
    await using provider = await startEmbeddingServer()
    provider.answer = 401
    const settings = `[server]\nembeddings_model = "words"\nembeddings_url = "${provider.url}"\nembeddings_key_env = "WORDS_KEY"\n`
    const environment = { WORDS_KEY: 'sk-of-the-words' }
    const { status, stdout, stderr } = await serving(
      projectOn(url, settings),
      'serve --port 0',
      async () => {},
      environment,
    )
    expect(status).toBe(0)
    expect(provider.asked).toMatchObject([{ authorization: 'Bearer sk-of-the-words', body: { model: 'words' } }])
    const failures = stderr
      .trimEnd()
      .split('\n')
      .map((one) => JSON.parse(one) as { about?: string; error?: { message: string } })
      .filter(({ about }) => about === 'embeddings')
    expect(failures.map(({ error }) => error?.message)).toEqual([
      'The embedding model words has answered with status 401.',
      'The database does not keep embeddings: words are looked for, and the model is not asked.',
    ])
    expect(stdout + stderr).not.toContain('sk-of-the-words')
    const refused = await projectOn(url, settings).run('serve --port 0')
    expect(refused).toMatchObject({
      status: 2,
      stderr: lines(
        'error [variable_missing] There is no key for the embedding model: the environment variable WORDS_KEY is not set.',
        '  next: Set WORDS_KEY, or name another variable in embeddings_key_env in [server] of metastore.toml.',
      ),
    })
  })

  test('says that a langgraph.json of its directory is not served, until it is told to', async () => {
    const config = `[database.main]\nurl = "${url}"\nmigrations = [${migrations}]\n`
    const own = commandLine({
      'metastore.toml': config,
      'langgraph.json': '{ "graphs": { "agent": "./agent.py:graph" } }',
    })
    const { stdout } = await serving(own, 'serve --port 0', () => Promise.resolve())
    expect(stdout).toMatch(
      /^The graphs of langgraph\.json here are not served: add --graphs langgraph\.json for that\.\nServing /,
    )
    const told = await own.run('serve --port 0 --graphs langgraph.json')
    expect(told.status).toBe(2)
    expect(told.stderr).toContain('"agent" is in ./agent.py, and only TypeScript and JavaScript are executed.')
  })

  test('tells a program where it answers as soon as it does, in one document', async () => {
    let document = ''
    await serving(line, 'serve --port 0 --auth none --json', () => Promise.resolve()).then(({ stdout }) => {
      document = stdout
    })
    expect(JSON.parse(document)).toMatchObject({
      command: 'serve',
      ok: true,
      database: 'main',
      version: 'migration_1200_settings',
      authentication: 'none',
    })
  })

  test('works as a role that owns nothing and may not read the history, a member of the two of the schema', async () => {
    await using database = await openDatabase(url)
    await using session = await database.session()
    const role = `server_${process.pid}`
    await session.query(
      sql`create role ${id(role)} login password 'of-the-server' in role metastore_app, metastore_admin`,
    )
    try {
      const target = new URL(url)
      Object.assign(target, { username: role, password: 'of-the-server' })
      const server = projectOn(target.href)
      const { document } = await server.json(`api-keys create test --tenant ${anna}`)
      const { key } = document as { key: string }
      const { status } = await serving(server, 'serve --port 0', async (address) => {
        expect(await (await fetch(`${address}/ready`)).json()).toEqual({ ready: true })
        const headers = { 'x-api-key': key, 'content-type': 'application/json' }
        const made = await fetch(`${address}/threads`, { method: 'POST', headers, body: '{}' })
        expect(made.status).toBe(200)
      })
      expect(status).toBe(0)
    } finally {
      await session.query(sql`drop role ${id(role)}`)
    }
  })

  test('does not start on a schema that is behind', async () => {
    const ahead = commandLine({
      'metastore.toml': `[database.main]\nurl = "${url}"\nmigrations = [${migrations}, "more"]\n`,
      'more/2001_more.sql': 'create table more (id int);\n',
      'more/2002_more.sql': 'create table more2 (id int);\n',
    })
    const { status, stderr } = await ahead.run('serve --port 0')
    expect(status).toBe(3)
    expect(stderr).toMatch(
      /^error \[schema_mismatch\] The database postgres:\S+ is behind the schema that this server was built for: 2001_more and 1 more not applied\.\n {2}next: Run metastore migrate, then start the server again\. metastore up does both\.\n$/,
    )
  })

  test('does not start on a database that is none of an assistant’s, nor on SQLite', async () => {
    const other = commandLine({
      'metastore.toml': `[database.main]\nurl = "${await freshPostgresUrl(18)}"\n`,
      'migrations/001_a.sql': 'create table tenants (id int);\n',
    })
    await other.run('migrate')
    expect(await other.run('serve')).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(
        /\[schema_mismatch\] The database \S+ has not the schema for assistants: there is no users, no api_keys, no assistants, .*\.\n {2}next: Put its modules among the migrations \(metastore docs guides\/assistant-schema\), or use metastore up\.\n$/,
      ) as string,
    })
    const sqlite = commandLine({ 'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n' })
    expect(await sqlite.run('serve')).toMatchObject({
      status: 2,
      stderr: lines(
        'error [not_supported] The schema for assistants is for PostgreSQL, and sqlite:app.db is SQLite.',
        '  next: Give the URL of a PostgreSQL database, or of an embedded one: pglite:DIR.',
      ),
    })
  })

  test('lets everybody in on this machine alone', async () => {
    const remedy = '  next: Leave --auth none out and make keys with metastore api-keys create, or listen on 127.0.0.1.'
    expect(await line.run('serve --auth none --host 0.0.0.0')).toMatchObject({
      status: 2,
      stderr: lines('error [server_open] The server would listen on 0.0.0.0 and let everybody in.', remedy),
    })
    expect(
      await line.run('serve', { environment: { METASTORE_SERVER_AUTH: 'none', METASTORE_ENVIRONMENT: 'production' } }),
    ).toMatchObject({
      status: 2,
      stderr: lines(
        'error [server_open] The database is marked as production, and the server would let everybody in.',
        remedy,
      ),
    })
    expect(await line.run('serve --auth none', { environment: { METASTORE_SERVER_TENANT: 'nobody' } })).toMatchObject({
      status: 2,
      stderr: lines(
        'error [not_found] There is no tenant "nobody".',
        '  next: Name one by its id, its name or its domain.',
      ),
    })
  })

  test.each([
    ['serve --auth all', '--auth cannot be "all".', 'Use --auth keys or --auth none.'],
    ['serve --port 70000', '--port cannot be "70000".', 'Give a number from 0 to 65535.'],
  ])('%s is refused', async (words, message, remedy) => {
    expect(await line.run(words)).toMatchObject({
      status: 2,
      stderr: lines(`error [usage] ${message}`, `  next: ${remedy}`),
    })
  })

  describe('where spans are recorded', () => {
    const recorded = recordTelemetry()

    test('requests are no parts of the command, which lasts as long as the process', async () => {
      await serving(line, 'serve --port 0', async (server) => {
        expect((await fetch(`${server}/threads`)).status).toBe(401)
      })
      const around = recorded.spans().map(({ name, parentSpanContext }) => [name, parentSpanContext])
      expect(around).toContainEqual(['GET', undefined])
      expect(around).toContainEqual(['metastore serve', undefined])
    })
  })

  describe('api-keys', () => {
    test('makes a key that is shown once, lists it, and ends it', async () => {
      const made = await line.json(`api-keys create ci --tenant ${anna} --role admin --expires 24h`)
      const { key, apiKey } = made.document as { key: string; apiKey: { id: string; prefix: string } }
      expect(made).toMatchObject({ status: 0, document: { apiKey: { name: 'ci', role: 'admin', revoked_at: null } } })
      expect(key.startsWith(`${apiKey.prefix}_`)).toBe(true)
      expect(JSON.stringify(apiKey)).not.toContain(key)
      const listed = await line.run(`api-keys list --tenant ${anna}`)
      expect(listed.stdout).toMatch(
        new RegExp(`^${apiKey.prefix}  admin +ci +holds until \\d{4}-\\d\\d-\\d\\d  used never$`, 'm'),
      )
      expect(listed.stdout).not.toContain(key)
      expect(await line.run(`api-keys revoke ${apiKey.prefix} --tenant ${anna}`)).toMatchObject({
        status: 0,
        stdout: lines(`${apiKey.prefix} (ci) is ended.`),
      })
      expect((await line.run(`api-keys list --tenant ${anna}`)).stdout).toMatch(/admin +ci +revoked/)
      const plain = await line.run(`api-keys create web --tenant ${anna}`)
      expect(plain.stdout).toMatch(/^ms_[0-9a-f]{12}_[\w-]{43}\n$/)
      expect(plain.stderr).toBe('It is not shown again. Send it as x-api-key.\n')
    })

    test.each([
      [
        'creat x',
        'There is nothing called "creat" to be done with API keys.',
        'Did you mean create? Use metastore api-keys create, list or revoke.',
      ],
      [
        'create',
        'A key needs a name by which people know what it is for.',
        'Write it behind create: metastore api-keys create "web app".',
      ],
      ['create x --role root', '--role cannot be "root".', 'Use one of admin, supporter, user.'],
      [
        'create x --user me',
        '--user has to be the id of a user.',
        'Give the UUID that the user has in the table users.',
      ],
      [
        'create x --expires 2020-01-01',
        '--expires cannot be "2020-01-01".',
        'Give hours, as 720h, or a date that is to come, as 2027-01-31.',
      ],
      ['revoke', 'revoke has to know which key.', 'Name it by its beginning, ms_…, or by its id.'],
    ])('%s is refused', async (words, message, remedy) => {
      expect(await line.run(`api-keys ${words}`)).toEqual({
        status: 2,
        stdout: '',
        stderr: lines(`error [usage] ${message}`, '  at metastore api-keys', `  next: ${remedy}`),
      })
    })

    test('a tenant or a key that is not there is told', async () => {
      expect(await line.run('api-keys list --tenant nobody')).toMatchObject({
        stderr: lines(
          'error [not_found] There is no tenant "nobody".',
          '  next: Name one by its id, its name or its domain.',
        ),
      })
      expect(await line.run(`api-keys revoke ms_000000000000 --tenant ${anna}`)).toMatchObject({
        stderr: lines(
          'error [not_found] There is no key ms_000000000000.',
          '  next: Look for the key in the list of those that are there.',
        ),
      })
    })
  })
})

import { describe, expect, test } from 'vitest'
import { redactUrl } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine } from './command-line.ts'
import { phasesProject, runsFiles } from './phases-project.ts'

describe('schema-query', () => {
  test('scenario 7: prints the query of the newest file with actions; no database is needed', async () => {
    const line = commandLine({ ...runsFiles, 'migrations/004_note.sql': 'select 1;\n' })
    const environment = { DATABASE_URL: 'postgres://nobody.invalid/none' }
    for (const name of ['schema-query', 'generate-schema-query']) {
      expect(await line.run(name, { environment })).toEqual({
        status: 0,
        stdout: 'SET search_path TO migration_003_vendor\n',
        stderr: '',
      })
    }
    expect((await line.run('schema-query --with-base', { environment })).stdout).toBe(
      'SET search_path TO migration_003_vendor, public\n',
    )
    expect((await line.run('schema-query --with-base --schema app', { environment })).stdout).toMatch(/, "?app"?\n$/)
    expect(await line.json('schema-query')).toMatchObject({
      document: {
        databases: [{ query: 'SET search_path TO migration_003_vendor', schema: 'migration_003_vendor' }],
      },
    })
  })

  test('scenario 7: prints an empty line where no file has actions', async () => {
    const line = commandLine({ 'metastore.toml': '[database.main]\n', 'migrations/001_note.sql': 'select 1;\n' })
    expect(await line.run('schema-query')).toEqual({ status: 0, stdout: '\n', stderr: '' })
    expect(await line.json('schema-query')).toMatchObject({ document: { databases: [{ query: null, schema: null }] } })
  })

  test('goes by what the database has with --applied', async () => {
    const { run } = await phasesProject()
    expect((await run('schema-query --applied')).stdout).toBe('\n')
    await run('migrate 1')
    expect((await run('schema-query --applied')).stdout).toBe('SET search_path TO migration_001_runs\n')
    await run('start 2')
    expect((await run('schema-query --applied')).stdout).toBe('SET search_path TO migration_002_cents\n')
    await run('abort')
    expect((await run('schema-query --applied')).stdout).toBe('SET search_path TO migration_001_runs\n')
  })

  test('scenario 7: quotes a name that needs it, and the query works', async () => {
    const { run, rows } = await phasesProject({ 'migrations/1_Runs-a.toml': runsFiles['migrations/001_runs.toml'] })
    await run('migrate')
    const { stdout } = await run('schema-query')
    expect(stdout).toBe('SET search_path TO "migration_1_Runs-a"\n')
    expect(await rows(stdout.replace('SET search_path TO ', ''), 'select current_schema() as schema')).toEqual([
      { schema: 'migration_1_Runs-a' },
    ])
  })
})

describe('migration, as Reshape spells it', () => {
  test('scenario 11: starts, completes and aborts the database of the flag, whatever the environment says', async () => {
    const [wanted, other] = [await freshPostgresUrl(18), await freshPostgresUrl(18)]
    const line = commandLine(runsFiles)
    const environment = { DB_URL: other, DATABASE_URL: other }
    const { status, stdout } = await line.run(`migration start --complete --url ${wanted} --migration 001_runs`, {
      environment,
    })
    expect(status).toBe(0)
    expect(stdout).toMatch(new RegExp(`^Starting on ${redactUrl(wanted)}\n`))
    expect((await line.run(`migration start --url ${wanted}`, { environment })).status).toBe(0)
    expect((await line.run(`migration abort --url ${wanted}`, { environment })).status).toBe(0)
    expect((await line.run(`migration start --url ${wanted}`, { environment })).status).toBe(0)
    expect((await line.run(`migration complete --url ${wanted}`, { environment })).status).toBe(0)
    const state = async (url: string) => (await line.json(`status --url ${url}`)).document
    expect(await state(wanted)).toMatchObject({ latest_completed_migration: '003_vendor' })
    expect(await state(other)).toMatchObject({ databases: [{ managed: false }] })
  })

  test('says that schema-query by the files is not the version of a batch that is applied late', async () => {
    const { '002_cents': late, ...others } = {
      '002_cents': runsFiles['migrations/002_cents.toml'],
      'migrations/001_runs.toml': runsFiles['migrations/001_runs.toml'],
      'migrations/003_vendor.toml': runsFiles['migrations/003_vendor.toml'],
    }
    const url = await freshPostgresUrl(18)
    const line = commandLine(others)
    await line.run(`migrate --url ${url}`)
    line.write('migrations/002_cents.toml', late)
    const { stdout, stderr } = await line.run(`migrate --allow-out-of-order 002_cents --url ${url}`)
    expect(stdout + stderr).toContain(
      'Warning: 002_cents is applied late, so the application has to use migration_002_cents; metastore schema-query goes by the files and says migration_003_vendor, which is no more. Use metastore schema-query --applied, or rename the file so that it sorts last.\n',
    )
    expect((await line.run(`schema-query --applied --url ${url}`)).stdout).toBe(
      'SET search_path TO migration_002_cents\n',
    )
  })

  test('takes the parts of a connection, -d being the database of the server, and directories in both spellings', async () => {
    const url = new URL(await freshPostgresUrl(18))
    const line = commandLine({
      'a/001_runs.toml': runsFiles['migrations/001_runs.toml'],
      'b/002_cents.toml': runsFiles['migrations/002_cents.toml'],
    })
    const environment = { DB_HOST: url.hostname, DB_PASSWORD: decodeURIComponent(url.password), DB_PORT: '1' }
    const connection = `--port ${url.port} -d ${url.pathname.slice(1)} -u ${url.username}`
    const started = await line.run(`migration start ${connection} --dirs a --dirs b`, { environment })
    expect(started.stdout).toContain('In progress: 001_runs, 002_cents.\n')
    expect((await line.run(`migration start -c ${connection} --dirs a b`, { environment })).status).toBe(0)
  })
})

describe('migrate and plan', () => {
  test('migrate says which steps a batch takes', async () => {
    const { run, address } = await phasesProject()
    const { status, stdout, stderr } = await run('migrate')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Migrating ${address}: 3 migrations to apply\n {2}done `))
    expect(stdout).toMatch(
      /\n {2}applied 001_runs .*\n {2}applied 002_cents .*\n {2}applied 003_vendor .*\nDone: 3 migrations applied, it is at 003_vendor\.\n$/,
    )
  })

  test('plan shows a batch by its phases, as SQL that psql takes', async () => {
    const { run, json, rows } = await phasesProject()
    await run('migrate 1')
    const { status, stdout } = await run('plan 2')
    expect(status).toBe(0)
    expect(stdout).toContain('\n-- 002_cents (up, migrations/002_cents.toml), in phases, journalled\n')
    const phases = [...stdout.matchAll(/^-- (start: .*|complete, .*)$/gm)].map(([, title]) => title)
    expect(phases).toEqual([
      'start: the old version goes on',
      'complete, while both versions live',
      'complete, when the old version is gone',
    ])
    expect(stdout).toMatch(/\n-- .*, of 002_cents, locks runs in access exclusive mode\nalter table "public"\."runs" /)
    expect(await json('plan 2')).toMatchObject({
      document: { databases: [{ migrations: [{ batch: ['002_cents'] }] }] },
    })
    expect(
      await rows('public', `select count(*)::int as n from pg_namespace where nspname = 'migration_002_cents'`),
    ).toEqual([{ n: 0 }])
  })
})

describe('status', () => {
  test('scenario 8: works for a role that may only read, on a database that was never touched and while a batch is in progress', async () => {
    const { run, line, rows, url } = await phasesProject()
    const role = `reader_${new URL(url).pathname.slice(1)}`
    await rows('public', `create role ${role} login password 'reader'`)
    const reader = Object.assign(new URL(url), { username: role, password: 'reader' }).href
    const status = async () => (await line.json(`status --url ${reader}`)).document
    expect(await status()).toMatchObject({
      status: 'idle',
      in_progress_migrations: [],
      latest_completed_migration: null,
    })
    await run('migrate 1')
    await run('start')
    await rows('public', `grant usage on schema metastore to ${role}`)
    await rows('public', `grant select on all tables in schema metastore to ${role}`)
    expect(await status()).toMatchObject({
      status: 'in_progress',
      in_progress_migrations: ['002_cents', '003_vendor'],
      latest_completed_migration: '001_runs',
    })
    await rows('public', `drop owned by ${role}`)
    await rows('public', `drop role ${role}`)
  })
})

import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startProgram } from '../harness/child.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines, type CommandLine } from './command-line.ts'

const key = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
const secrets = { GOOGLE_API_KEY: 'AIza-not-a-real-key-1', PASSWORD: 'correct horse battery' }

const project = {
  'migrations/001_tables.sql': `
    create table tenants (id integer generated always as identity primary key, name text not null unique, api_key text);
    create table users (id uuid primary key, tenant_id integer not null references tenants, email text not null, password_hash text,
      unique (tenant_id, email));`,
  'seeds/001_tenants.json': JSON.stringify({
    table: 'tenants',
    rows: [{ name: 'eTMS', api_key: { $encrypt: { $env: 'GOOGLE_API_KEY' } } }, { name: 'eFMS' }],
    expect: [{ table: 'tenants', count: 2 }],
  }),
  'seeds/002_users.yaml':
    'table: users\nkey: [tenant_id, email]\ndefaults:\n  id: { $uuid: true }\n  tenant_id: { $ref: { name: eTMS } }\n' +
    '  password_hash: { $hash: { $env: PASSWORD }, cost: 4 }\nrows:\n  - { email: admin.etms }\n  - { email: support.etms }\n',
}

let line: CommandLine
let url: string
let client: Client
let environment: Record<string, string>
const written: string[] = []

async function run(words: string, more: Record<string, string> = {}) {
  const outcome = await line.run(words, { environment: { ...environment, ...more } })
  written.push(outcome.stdout, outcome.stderr)
  return outcome
}

beforeAll(async () => {
  url = await freshPostgresUrl(18)
  client = new Client(url)
  await client.connect()
  environment = { DATABASE_URL: url, FERNET_KEY: key, ...secrets }
  line = commandLine({ ...project, 'metastore.toml': '[database.main]\nseed_sets = { demo = ["demo"] }\n' })
  await run('migrate')
})
afterAll(() => client.end())

describe('seed', () => {
  test('plans, applies, and then has nothing to do', async () => {
    expect(await run('seed --plan')).toEqual({
      status: 0,
      stdout: lines(
        'seeds/001_tenants.json',
        '  tenants: 2 inserted',
        '    + name "eTMS"',
        '    + name "eFMS"',
        'seeds/002_users.yaml',
        '  users: 2 inserted',
        '    + tenant_id of a new row, email "admin.etms"',
        '    + tenant_id of a new row, email "support.etms"',
      ),
      stderr: '',
    })
    const address = new URL(url)
    const shown = `${address.protocol}//${address.username}@${address.host}${address.pathname}`
    const applied = await run('seed')
    expect(applied).toMatchObject({ status: 0, stderr: '' })
    expect(applied.stdout.split('\n').slice(1)).toEqual([
      '  applied   seeds/001_tenants.json  DURATION',
      '            tenants: 2 inserted',
      '  applied   seeds/002_users.yaml  DURATION',
      '            users: 2 inserted',
      '  as expected tenants: 2 rows',
      'Done: 2 files applied, 4 inserted, 0 updated, 0 removed, 0 unchanged.',
      '',
    ])
    expect(await run('seed')).toEqual({
      status: 0,
      stdout: lines(`Nothing to seed in ${shown}: 2 files applied as they are.`),
      stderr: '',
    })
  })

  test('several at once apply a change exactly once', async () => {
    line.write('seeds/003_count.sql', "insert into tenants (name) select 'run ' || count(*) from tenants;\n")
    const outcomes = await Promise.all([run('seed'), run('seed'), run('seed')])
    expect(outcomes.map(({ status }) => status)).toEqual([1, 1, 1])
    for (const { stderr } of outcomes) {
      expect(stderr).toContain('The seed set seeds was applied, and an expectation of it is not met.')
    }
    const { rows } = await client.query<{ count: string }>('select count(*) from tenants')
    expect(rows).toEqual([{ count: '3' }])
    await client.query("delete from tenants where name like 'run%'")
    line.remove('seeds/003_count.sql')
    expect(await run('seed')).toMatchObject({ status: 0 })
  })

  test('killed in the middle of a file, it leaves nothing of that file and goes on from there', async () => {
    line.write('seeds/003_more.yaml', 'table: tenants\nrows:\n  - { name: kept }\n')
    line.write('seeds/004_slow.sql', "insert into tenants (name) values ('slow');\nselect pg_sleep(60);\n")
    const child = startProgram('src/cli/main.ts', ['seed'], { cwd: line.directory, env: environment })
    await child.says('applied   seeds/003_more.yaml')
    child.process.kill('SIGKILL')
    line.write('seeds/004_slow.sql', "insert into tenants (name) values ('slow');\n")
    expect((await child.ended).signal).toBe('SIGKILL')
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()",
    )
    const names = async () =>
      (await client.query<{ name: string }>('select name from tenants order by id')).rows.map(({ name }) => name)
    expect(await names()).toEqual(['eTMS', 'eFMS', 'kept'])
    line.write('seeds/001_tenants.json', project['seeds/001_tenants.json'].replace('"count":2', '"count":4'))
    const { status, stdout } = await run('seed')
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/unchanged seeds\/003_more\.yaml\n[^]*applied {3}seeds\/004_slow\.sql/),
    ])
    expect(await names()).toEqual(['eTMS', 'eFMS', 'kept', 'slow'])
  })

  test('stops at a file that fails, says what is kept and how to go on', async () => {
    line.write('seeds/005_good.yaml', 'table: tenants\nrows:\n  - { name: good }\n')
    line.write('seeds/006_bad.sql', 'select 1;\nselect nonsense;\n')
    const { status, stderr } = await run('seed')
    expect([status, stderr]).toEqual([
      1,
      lines(
        'error [statement_failed] column "nonsense" does not exist.',
        '  at seeds/006_bad.sql:2:8',
        '  Kept: seeds/005_good.yaml. Run the same command again: it goes on with seeds/006_bad.sql.',
        '  next: Check the name, and whether the migration that adds the column has been applied.',
      ),
    ])
    line.remove('seeds/006_bad.sql')
    line.remove('seeds/005_good.yaml')
    await client.query("delete from tenants where name = 'good'")
  })

  test('knows sets, single files and what they expect', async () => {
    line.write('demo/001.csv', '# table: tenants\nname\nCSV\n')
    expect(await run('seed --set demo')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('tenants: 1 inserted') as string,
    })
    expect(await run('seed demo/001.csv --force')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 unchanged') as string,
    })
    expect(await run('seed --verify')).toEqual({
      status: 3,
      stdout: lines('  not as expected tenants: expected 4 rows, found 5 rows'),
      stderr: '',
    })
    expect(await run('seed --set dmeo')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [seed_unknown] There is no seed set "dmeo".',
        '  next: Did you mean demo? The sets are demo; sets are declared in metastore.toml: seed_sets = { demo = ["seeds/demo"] }.',
      ),
    })
    expect((await run('seed none.yaml')).stderr).toBe(
      lines(
        'error [file_unreadable] There is no seed file none.yaml.',
        '  at none.yaml',
        '  next: Correct the path, which begins at the working directory.',
      ),
    )
    expect((await run('seed 001_tenants.json')).stderr).toContain('next: Did you mean seeds/001_tenants.json?')
    line.write('data/x.txt', 'text')
    expect((await run('seed data/x.txt')).stderr).toContain('A file that ends in .txt cannot be a seed.')
  })

  test('removes nothing from a production database unless somebody says yes', async () => {
    line.write(
      'sync/001.yaml',
      'table: tenants\nmode: sync\nrows:\n  - { name: eTMS }\n  - { name: eFMS }\n  - { name: kept }\n  - { name: slow }\n',
    )
    const production = { METASTORE_ENVIRONMENT: 'production' }
    expect(await run('seed sync/001.yaml', production)).toMatchObject({
      status: 3,
      stderr: lines(
        'error [consent_needed] 1 row of tenants would be removed, because no seed lists them. The database is marked as production, and nobody is here to answer.',
        '  next: Add --yes if that is meant.',
      ),
    })
    expect(await run('seed sync/001.yaml --yes', production)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 removed') as string,
    })
  })

  test('is refused while a batch of migrations is started and not completed', async () => {
    line.write(
      'migrations/002_region.toml',
      '[[actions]]\ntype = "add_column"\ntable = "tenants"\n  [actions.column]\n  name = "region"\n  type = "text"\n',
    )
    expect(await run('start')).toMatchObject({ status: 0 })
    expect(await run('seed')).toMatchObject({
      status: 3,
      stderr: lines(
        'error [batch_in_progress] 002_region is in progress: started, and neither completed nor aborted.',
        '  next: Finish with metastore complete, or take it back with metastore abort; then run this again.',
      ),
    })
    expect(await run('abort')).toMatchObject({ status: 0 })
    line.remove('migrations/002_region.toml')
  })

  test('no secret is anywhere but encrypted or hashed', async () => {
    const { document } = await line.json('seed --force --plan', { environment })
    written.push(JSON.stringify(document))
    const { rows: tables } = await client.query<{ name: string }>(
      "select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname in ('public', 'metastore')",
    )
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`)
      written.push(...rows.map(({ row }) => row))
    }
    expect(written.join('\n')).toContain('Done: 2 files applied')
    for (const secret of [...Object.values(secrets), key]) expect(written.join('\n')).not.toContain(secret)
    const { rows } = await client.query<{ api_key: string; hash: string }>(
      "select api_key, password_hash as hash from tenants t join users u on u.tenant_id = t.id where email like 'admin%'",
    )
    expect(rows).toEqual([
      { api_key: expect.stringMatching(/^gAAAA/) as string, hash: expect.stringMatching(/^\$2b\$04\$/) as string },
    ])
  })
})

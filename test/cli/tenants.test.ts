import { expect, test } from 'vitest'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, lines } from './command-line.ts'

const project = {
  'metastore.toml': '[database.main]\nurl = "${DATABASE_URL}"\ntenant_column = "org"\n',
  'migrations/001_messages.sql':
    'create table messages (org uuid not null, id int generated always as identity primary key, slug text unique);\n\n-- metastore:down\ndrop table messages;\n',
}

test('a table that is open is found, its migration written, applied, and nothing is found any more', async () => {
  const line = commandLine(project)
  const environment = { DATABASE_URL: await freshPostgresUrl(18) }
  const codes = async () => {
    const { document } = await line.json('audit', { environment })
    const { databases } = document as { databases: { findings: { code: string; remedy: string }[] }[] }
    return databases.flatMap(({ findings }) => findings.map(({ code }) => code))
  }
  await line.run('migrate', { environment })
  expect(await codes()).toEqual(['tenant_not_isolated', 'key_without_tenant'])

  expect(await line.run('new --tenant-table messages --tenant-setting app.org', { environment })).toEqual({
    status: 0,
    stdout: lines(
      'Created migrations/002_isolate_tenants_of_messages.sql',
      'look at  Constraint messages_slug_key is unique over (slug) across tenants: a tenant can find out that another one has a value.',
    ),
    stderr: '',
  })
  expect(line.read('migrations/002_isolate_tenants_of_messages.sql')).toMatch(
    /\("org" = \(select nullif\(current_setting\('app\.org', true\), ''\)::uuid\)\)/,
  )
  expect(await line.run('migrate', { environment })).toMatchObject({ status: 0, stderr: '' })
  expect(await codes()).toEqual(['key_without_tenant'])
  expect(await line.run('rollback', { environment })).toMatchObject({ status: 0, stderr: '' })
  expect(await line.run('migrate', { environment })).toMatchObject({ status: 0, stderr: '' })
})

test.each([
  [
    'new --tenant-table messages --tenant-setting tenant',
    lines(
      'error [usage] --tenant-setting cannot be "tenant".',
      '  at metastore new',
      '  next: Use two names with a point between them, such as app.tenant_id.',
    ),
  ],
  [
    'new --tenant-table message',
    lines(
      'error [schema_conflict] The migrations make no table message in schema public.',
      '  next: Did you mean messages?',
    ),
  ],
])('%s is refused, and nothing is written', async (words, stderr) => {
  const line = commandLine(project)
  expect(await line.run(words, { environment: { DATABASE_URL: 'postgres://app@127.0.0.1:1/app' } })).toEqual({
    status: 2,
    stdout: '',
    stderr,
  })
  expect(line.exists('migrations/002_isolate_tenants_of_message.sql')).toBe(false)
})

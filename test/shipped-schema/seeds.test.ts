import { beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, sql, type Sql } from '../../src/database/database.ts'
import { commandLine } from '../cli/command-line.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { as, freshOwnedUrls, migrateShipped, schemaDirectory } from './world.ts'

describe('the demo seeds of the shipped schema', () => {
  const line = commandLine()
  let DATABASE_URL: string
  const seed = (environment = {}) =>
    line.run(`seed --project ${schemaDirectory}`, { environment: { DATABASE_URL, ...environment } })

  beforeAll(async () => {
    DATABASE_URL = await freshPostgresUrl(18)
    await using database = await openDatabase(DATABASE_URL)
    await migrateShipped(database)
  })

  async function ask(tenant: string, statement: Sql): Promise<unknown[]> {
    await using database = await openDatabase(DATABASE_URL)
    await using session = await database.session()
    return await as(session, 'metastore_app', tenant, (tx) => tx.query(statement))
  }

  test('are written with what they expect, and need no key of a language model', async () => {
    const { status, stdout, stderr } = await seed()
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('Done: 13 files applied, 88 inserted, 0 updated, 0 removed, 0 unchanged.')
    expect(stdout.match(/^ {2}as expected /gm)).toHaveLength(13)
    expect(stdout).not.toContain('123456')
  })

  test('change nothing when they are written again', async () => {
    const { status, stdout } = await seed()
    expect(status).toBe(0)
    expect(stdout).not.toMatch(/\d (inserted|updated|removed)/)
  })

  test('take keys from the environment, and keep them encrypted', async () => {
    const secret = 'not-a-real-key'
    const { status, stdout, stderr } = await seed({
      GOOGLE_API_KEY: secret,
      FERNET_KEY: Buffer.alloc(32, 7).toString('base64url') + '=',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).not.toContain(secret)
    expect(
      await ask(
        '11111111-1111-4111-8111-111111111111',
        sql`select encrypted_api_key like 'gAAAA%' as encrypted from tenant_llm_configs`,
      ),
    ).toEqual([{ encrypted: true }])
  })

  test('give each tenant the assistants that it may use', async () => {
    const names = sql`select name from assistants order by name`
    expect(await ask('22222222-2222-4222-8222-222222222222', names)).toEqual([
      { name: 'DebtAgent' },
      { name: 'GuidelineAgent' },
      { name: 'ShipmentAgent' },
      { name: 'SupervisorAgent' },
    ])
    expect(await ask('33333333-3333-4333-8333-333333333333', names)).toEqual([
      { name: 'GuidelineAgent' },
      { name: 'SupervisorAgent' },
    ])
  })

  test('are set up by an owner that row-level security binds, with all that they expect, and the audit is clean', async () => {
    const { asOwner } = await freshOwnedUrls(`seeder_${process.pid}`)
    const run = (words: string) =>
      line.run(`${words} --project ${schemaDirectory}`, { environment: { DATABASE_URL: asOwner } })
    const { status, stdout, stderr } = await run('setup --no-audit')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('Done: 13 files applied, 88 inserted, 0 updated, 0 removed, 0 unchanged.')
    expect(stdout.match(/^ {2}as expected /gm)).toHaveLength(13)
    const audit = await run(`audit --shadow ${await freshPostgresUrl(18)}`)
    expect(audit).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^\S+: \d+ migrations, \d+ objects, 0 findings\.\n$/) as string,
      stderr: '',
    })
  })
})

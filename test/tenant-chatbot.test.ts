import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, sql } from '../src/database/database.ts'
import { generateKey, parseKeyring } from '../src/secrets/keyring.ts'
import { freshPostgresUrl } from './harness/engines.ts'
import { copyExample, plainEnvironment } from './harness/example-copy.ts'
import { buildBeforeAll, describeReadme, metastore } from './harness/example-readme.ts'
import { freePort } from './harness/postgres-server.ts'
import { type Background, runCommand, startCommand } from './harness/shell-command.ts'
import { expectEscalation, expectRouting, expectSessionsAndKnowledge, type TenantChat } from './harness/tenant-chat.ts'

buildBeforeAll()

describeReadme('tenant-chatbot', {
  async place() {
    const port = await freePort()
    return {
      database: 'pglite:.metastore/tenant-chatbot',
      port,
      env: plainEnvironment({ PORT: String(port) }),
    }
  },
  silent: ['echo "GOOGLE_API_KEY=not-a-real-key-of-google" >> .env', 'npm test'],
})

test('search by meaning is taken away by its down part, and comes again', async () => {
  const directory = path.join(copyExample('tenant-chatbot'), 'migrations')
  const files = readdirSync(directory).filter((name) => name < '007')
  const parts = files.map((name) => readFileSync(path.join(directory, name), 'utf8').split('-- metastore:down'))
  const [up = '', down = ''] = parts.at(-1) ?? []
  await using database = await openDatabase('pglite:memory')
  await using session = await database.session()
  const embeddings = () =>
    session.query(sql`
      select indexname as index from pg_catalog.pg_attribute left join pg_catalog.pg_indexes on indexname like '%_embedding_idx'
      where attrelid = 'knowledge_chunks'::regclass and attname = 'embedding'`)
  for (const [text = ''] of parts) await session.script(text)
  const there = await embeddings()
  expect(there).toEqual([{ index: 'knowledge_chunks_embedding_idx' }])
  await session.script(down)
  expect(await embeddings()).toEqual([])
  await session.script(up)
  expect(await embeddings()).toEqual(there)
})

describe('tenant-chatbot on a server', () => {
  const key = generateKey()
  const secrets = { GOOGLE_API_KEY: 'plain-key-of-google', OPENROUTER_API_KEY: 'plain-key-of-openrouter' }
  const directory = copyExample('tenant-chatbot')
  let url: string
  let env: NodeJS.ProcessEnv
  const written: string[] = []

  beforeAll(async () => {
    url = await freshPostgresUrl(18)
    env = plainEnvironment({ DATABASE_URL: url, FERNET_KEY: key, ...secrets })
    written.push(await succeed('setup --no-audit --verbose'))
  })

  async function succeed(command: string): Promise<string> {
    const { status, output } = await runCommand(`${metastore} ${command}`, directory, env)
    expect([command, status, output.slice(0, status === 0 ? 0 : 2000)]).toEqual([command, 0, ''])
    return output
  }

  test('it does not start on a database that is behind', async () => {
    const empty = plainEnvironment({ DATABASE_URL: 'pglite:memory' })
    const { status, output } = await runCommand(`exec '${process.execPath}' src/server.js`, directory, empty)
    expect(status).toBe(3)
    expect(output).toContain('error The database lacks 001_catalogue, 002_tenants, ')
    expect(output).toContain('\n  next: Run metastore setup, then start tenant-chatbot again.\n')
  })

  test('the keys of tenants are tokens, and the plaintext of no secret is in the database or in any output', async () => {
    for (const command of [
      'seed --plan --force --json',
      'report',
      'status --write status.yaml',
      'history --json',
      'keys check --json',
    ]) {
      written.push(await succeed(command))
    }
    await using database = await openDatabase(url)
    await using session = await database.session()
    const tables = await session.query<{ dump: string }>(sql`
      select query_to_xml(format('select * from %I.%I', schemaname, tablename), true, false, '')::text as dump
      from pg_catalog.pg_tables where schemaname in ('public', 'metastore')`)
    const files = ['status.yaml', 'reports/chat-sessions.md'].map((file) =>
      readFileSync(path.join(directory, file), 'utf8'),
    )
    const everything = [...written, ...tables.map(({ dump }) => dump), ...files].join('\n')
    expect(everything).toContain('eTMS')
    for (const secret of [key, ...Object.values(secrets), '123456<']) expect(everything).not.toContain(secret)

    const stored = await session.query<{ name: string; token: string }>(sql`
      select t.name, c.encrypted_api_key as token from tenant_llm_configs c join tenants t on t.id = c.tenant_id order by 1`)
    const ring = parseKeyring(key, 'FERNET_KEY')
    expect(stored.map(({ name, token }) => [name, ring.decrypt(token)])).toEqual([
      ['Vela', secrets.OPENROUTER_API_KEY],
      ['eFMS', secrets.OPENROUTER_API_KEY],
      ['eTMS', secrets.GOOGLE_API_KEY],
    ])
  })

  describe('its application keeps what system C promises, as the one on the shipped schema does', () => {
    let server: Background
    let place: TenantChat

    beforeAll(async () => {
      const port = await freePort()
      const listening = `tenant-chatbot listens on port ${port}, on postgres://`
      const environment = { ...env, PORT: String(port) }
      server = await startCommand(`exec '${process.execPath}' src/server.js`, listening, directory, environment)
      const ask: TenantChat['ask'] = async (request, body) => {
        const [method = '', at = ''] = request.split(' ')
        const headers = { 'content-type': 'application/json' }
        const sent = body === undefined ? {} : { headers, body: JSON.stringify(body) }
        const response = await fetch(`http://127.0.0.1:${port}${at}`, { method, ...sent })
        const text = await response.text()
        return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
      }
      await using database = await openDatabase(url)
      await using session = await database.session()
      const [tenant] = await session.query<{ id: string }>(sql`select id from tenants where name = 'eTMS'`)
      const { body } = await ask('GET /api/eTMS/supporters')
      const [one = '', other = ''] = (body['supporters'] as { user_id: string }[]).map(({ user_id }) => user_id)
      const names = { id: tenant?.id ?? '', name: 'eTMS', domain: 'e-transportation-management' }
      place = { ask, tenant: names, supporters: [one, other] }
    })

    afterAll(() => server.stop())

    test('of routing', () => expectRouting(place))
    test('of sessions and knowledge', () => expectSessionsAndKnowledge(place))
    test('of escalations', () => expectEscalation(place))

    test('ends with status 0 when it is told to', async () => {
      expect(await server.stop()).toMatchObject({ status: 0 })
    })
  })
})

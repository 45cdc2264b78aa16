import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDatabase, sql } from '../src/database/database.ts'
import { generateKey, parseKeyring } from '../src/secrets/keyring.ts'
import { freshPostgresUrl } from './harness/engines.ts'
import { copyExample, plainEnvironment } from './harness/example-copy.ts'
import { buildBeforeAll, describeReadme, metastore } from './harness/example-readme.ts'
import { runCommand } from './harness/shell-command.ts'

buildBeforeAll()

describeReadme('tenant-chatbot', {
  place: () => ({ database: 'pglite:.metastore/tenant-chatbot' }),
  silent: ['echo "GOOGLE_API_KEY=not-a-real-key-of-google" >> .env', 'npm test'],
})

describe('tenant-chatbot on a server', () => {
  test('the keys of tenants are tokens, and the plaintext of no secret is in the database or in any output', async () => {
    const url = await freshPostgresUrl(18)
    const key = generateKey()
    const secrets = { GOOGLE_API_KEY: 'plain-key-of-google', OPENROUTER_API_KEY: 'plain-key-of-openrouter' }
    const env = plainEnvironment({ DATABASE_URL: url, FERNET_KEY: key, ...secrets })
    const directory = copyExample('tenant-chatbot')
    const written: string[] = []
    for (const command of [
      'setup --no-audit --verbose',
      'seed --plan --force --json',
      'report',
      'status --write status.yaml',
      'history --json',
      'keys check --json',
    ]) {
      const { status, output } = await runCommand(`${metastore} ${command}`, directory, env)
      expect([command, status, output.slice(0, status === 0 ? 0 : 2000)]).toEqual([command, 0, ''])
      written.push(output)
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
})

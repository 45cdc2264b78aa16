import { expect, test } from 'vitest'
import { generateKey, parseKeyring } from '../../src/secrets/keyring.ts'
import { openDatabase, sql } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine } from './command-line.ts'

interface Told {
  readonly databases: readonly {
    readonly findings: readonly {
      readonly code: string
      readonly kind: string
      readonly severity: string
      readonly message: string
      readonly query: string | null
    }[]
    readonly checklist: readonly { readonly title: string; readonly run: string | null }[]
  }[]
}

const migration = 'create table llm (name text primary key, token text);\n'
const seed = (name: string) => JSON.stringify({ table: 'llm', key: ['name'], rows: [{ name }] })

async function world(files: Readonly<Record<string, string>> = {}) {
  const url = await freshPostgresUrl(18)
  const line = commandLine({
    'metastore.toml': `[database.main]\nurl = "${url}"\nencrypted = ["llm.token"]\n`,
    'migrations/001_llm.sql': migration,
    ...files,
  })
  await line.run('migrate')
  const audit = async (environment: Readonly<Record<string, string>> = {}) => {
    const { status, document } = await line.json('audit', { environment })
    const [{ findings, checklist } = { findings: [], checklist: [] }] = (document as Told).databases
    const told = findings.map(({ severity, code, message }) => `${severity} ${code} ${message}`)
    return { status, told, findings, checklist }
  }
  return { url, line, audit }
}

test('an audit tells seeds that are not applied, or not as they are now', async () => {
  const { line, audit } = await world({
    'seeds/1.json': seed('a'),
    'seeds/2.json': JSON.stringify({ table: 'llm', key: ['name'], rows_from: 'd/rows.csv' }),
    'seeds/d/rows.csv': 'name\nb\n',
    'seeds/3.json': JSON.stringify({ environments: ['test'], table: 'llm', key: ['name'], rows: [] }),
  })
  // Nobody has seeded, which is meant where the rows are those of a demo.
  expect(await audit()).toMatchObject({ status: 0, told: [] })
  expect(await line.run('seed')).toMatchObject({ status: 0 })
  expect(await audit()).toMatchObject({ status: 0, told: [], checklist: [] })

  line.write('seeds/d/rows.csv', 'name\nb\nc\n')
  line.write('seeds/4.json', seed('d'))
  const { status, told, findings, checklist } = await audit()
  expect({ status, told }).toEqual({
    status: 3,
    told: [
      'P1 seed_changed The seed seeds/2.json, or a file that it reads, has changed since it was applied.',
      'P1 seed_missing The seed seeds/4.json was never applied.',
    ],
  })
  expect(findings[0]?.query).toBe('select file, applied_at, actor from "metastore"."seeds" order by applied_at;')
  expect(checklist).toContainEqual({ title: 'Apply the seeds', run: 'metastore seed' })
  // What has changed since it was migrated on is not told: only files are compared.
  line.write('migrations/002_more.sql', 'alter table llm add note text;\n')
  await line.run('migrate')
  expect((await audit()).told).toEqual(told)
})

test('an audit tells secrets in clear text or under no key, and keys that nothing needs', async () => {
  const [old, now, lost] = [generateKey(), generateKey(), generateKey()]
  const { url, audit } = await world()
  const tokens = [now, now, lost].map((key, index) => parseKeyring(key, 'a test').encrypt(`word ${index}`))
  await using database = await openDatabase(url)
  await using session = await database.session()
  for (const [index, token] of [...tokens, 'hunter2'].entries())
    await session.query(sql`insert into llm values (${String(index)}, ${token})`)

  // Whoever has no key is not told of values.
  expect((await audit()).told).toEqual([])
  const { status, told, checklist } = await audit({ FERNET_KEY: `${now},${old}` })
  expect({ status, told }).toEqual({
    status: 3,
    told: [
      'P0 secret_in_clear 1 value of llm.token is not encrypted.',
      'P0 secret_unreadable 1 value of llm.token cannot be decrypted: 1 need another key, 0 are damaged.',
      'P2 key_unreferenced Key 2 of 2 decrypts nothing in the columns that are declared as encrypted.',
    ],
  })
  expect(checklist).toContainEqual({
    title: 'Settle what is said of encrypted columns above',
    run: 'metastore keys check',
  })
  expect((await audit({ FERNET_KEY: 'malformed' })).told).toEqual([
    'P1 key_invalid FERNET_KEY, key 1 of 1: A key is 32 bytes in URL-safe base64, 44 characters; this is 9 characters.',
  ])
})

test('a role that may not read seeds or secrets is told so', async () => {
  const { url, line, audit } = await world({ 'seeds/1.json': seed('a') })
  await line.run('seed')
  await using database = await openDatabase(url)
  await using session = await database.session()
  const role = `auditor_${Date.now()}`
  await session.script(`
    create role ${role} login password '${role}'; grant usage on schema metastore to ${role};
    grant select on all tables in schema metastore to ${role}; revoke select on metastore.seeds from ${role}`)
  const as = new URL(url)
  as.username = role
  as.password = role
  line.write('metastore.toml', `[database.main]\nurl = "${as.href}"\nencrypted = ["llm.token"]\n`)
  expect((await audit({ FERNET_KEY: generateKey() })).told).toEqual([
    'P2 privilege_missing The role may not look at the history of seeds: permission denied for table seeds.',
    'P2 privilege_missing The role may not look at encrypted columns: permission denied for table llm.',
  ])
  await session.script(`drop owned by ${role}; drop role ${role}`)
})

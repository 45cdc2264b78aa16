import { describe, expect, test } from 'vitest'
import { freshPostgresUrl, engines } from '../../test/harness/engines.ts'
import { migrationDirectory } from '../../test/harness/migration-files.ts'
import { openDatabase } from '../database/database.ts'
import { migrate, openEngine } from '../migrations/migrations.ts'
import { requiredExtensions } from './checks/extensions.ts'
import { examine, type Diagnosis } from './doctor.ts'

async function diagnose(url: string, files: Readonly<Record<string, string>> = {}): Promise<Diagnosis[]> {
  await using database = await openDatabase(url)
  await using engine = await openEngine(database)
  return await examine({
    ...engine,
    address: database.address,
    files: await migrationDirectory(files).read(),
    directory: null,
    keySource: undefined,
    hasEncryptedColumns: false,
  })
}

async function migrateOn(url: string, files: Readonly<Record<string, string>>): Promise<void> {
  await using database = await openDatabase(url)
  await using engine = await openEngine(database)
  await migrate(engine, await migrationDirectory(files).read())
}

const problemsOf = (diagnoses: readonly Diagnosis[]) => diagnoses.filter(({ severity }) => severity !== 'ok')

describe.each(engines)('doctor on $name', ({ freshUrl }) => {
  test('finds a fresh database in order, and says what is pending', async () => {
    const diagnoses = await diagnose(await freshUrl(), { '1_a.sql': 'select 1;' })
    expect(problemsOf(diagnoses)).toEqual([])
    expect(diagnoses.at(-1)?.message).toBe('1 pending, 0 applied; metastore migrate applies what is pending.')
    expect(diagnoses[0]?.message).toMatch(/ answers: (PostgreSQL 18|PGlite|SQLite 3)/)
  })
})

describe('doctor on PostgreSQL', () => {
  test('names an extension that the server does not offer, and the file that wants it', async () => {
    const diagnoses = await diagnose(await freshPostgresUrl(18), {
      '1_a.sql': 'create extension if not exists pg_trgm;\ncreate extension no_such_thing;',
    })
    expect(problemsOf(diagnoses)).toEqual([
      {
        check: 'extensions',
        severity: 'problem',
        message: 'migrations/1_a.sql needs the extension no_such_thing, which this server does not offer.',
        remedy: 'Install no_such_thing on the server, or use a server that has it.',
      },
    ])
    expect(diagnoses.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^The extension pg_trgm is available/),
    )
  })

  test('names what the role may not do, with the statement that allows it', async () => {
    const url = await freshPostgresUrl(18)
    const role = `limited_${process.pid}`
    const database = new URL(url).pathname.slice(1)
    await using owner = await openDatabase(url)
    await using session = await owner.session()
    await session.script(`create role ${role} login password 'limited'; revoke create on schema public from public;`)
    try {
      const limited = new URL(url)
      limited.username = role
      limited.password = 'limited'
      expect(problemsOf(await diagnose(limited.href))).toEqual([
        {
          check: 'permissions',
          severity: 'problem',
          message: `Role ${role} may not create schema metastore, where metastore keeps its history.`,
          remedy: `grant create on database ${database} to ${role};`,
        },
        {
          check: 'permissions',
          severity: 'problem',
          message: `Role ${role} may not create tables in schema public.`,
          remedy: `grant create on schema public to ${role};`,
        },
      ])
      await session.script(`grant create on database ${database} to ${role}; grant create on schema public to ${role};`)
      await migrateOn(url, { '1_a.sql': 'select 1;' })
      expect(problemsOf(await diagnose(limited.href))).toEqual([
        {
          check: 'permissions',
          severity: 'problem',
          message: `Role ${role} may not use schema metastore, where metastore keeps its history.`,
          remedy: `grant usage on schema metastore to ${role};`,
        },
        {
          check: 'permissions',
          severity: 'problem',
          message: `Role ${role} may not write the history in schema metastore.`,
          remedy: `grant all on all tables in schema metastore to ${role}; or run as the role that owns them.`,
        },
        {
          check: 'migrations',
          severity: 'warning',
          message:
            'This could not be looked at: The role of the connection may not read the history in schema metastore: permission denied for schema metastore.',
          remedy: 'Connect as the role that migrates, or grant this one what metastore doctor names.',
        },
      ])
    } finally {
      await session.script(`drop owned by ${role}; drop role ${role}`)
    }
  })

  test('names an invalid index, with the statement that rebuilds it', async () => {
    const url = await freshPostgresUrl(18)
    await using database = await openDatabase(url)
    await using session = await database.session()
    await session.script('create table t (a int); insert into t values (1), (1);')
    await expect(session.script('create unique index concurrently "t A" on t (a)')).rejects.toMatchObject({
      reason: 'constraint',
    })
    expect(problemsOf(await diagnose(url))).toEqual([
      {
        check: 'indexes',
        severity: 'warning',
        message: 'The index public.t A on t is invalid: a concurrent build of it failed.',
        remedy: 'reindex index concurrently "public"."t A";',
      },
    ])
  })
})

test('extensions are found in statements, not in comments', () => {
  const files = [
    {
      path: 'a.sql',
      source: 'CREATE EXTENSION "uuid-ossp";\n-- create extension not_this;\n  create extension IF NOT EXISTS Vector;',
    },
    { path: 'b.sql', source: 'create extension vector;' },
  ]
  expect(requiredExtensions(files)).toEqual([
    ['uuid-ossp', 'a.sql'],
    ['vector', 'a.sql'],
  ])
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCluster, type PostgresServer, startCluster } from '../../../test/harness/postgres-server.ts'
import type { Version } from '../../../test/harness/postgres-binaries.ts'
import type { ProgressEvent } from '../../progress.ts'
import { type Database, openDatabase, type Session, sql } from '../database.ts'

const servers = new Map<Version, PostgresServer>()
let root: Database
let admin: Session

beforeAll(async () => {
  for (const version of [13, 18] as const) {
    servers.set(
      version,
      await startCluster(await createCluster(version), {
        settings: { log_statement: 'all', password_encryption: 'scram-sha-256' },
      }),
    )
  }
  root = await openDatabase(at(18, 'postgres', 'postgres'))
  admin = await root.session()
})
afterAll(async () => {
  await root.close()
  for (const server of servers.values()) await server.stop()
})

function at(version: Version, login: string, database: string): string {
  return `postgres://${login}@127.0.0.1:${servers.get(version)?.port}/${database}`
}

test.each([13, 18] as const)(
  'role and database are created with an admin URL on PostgreSQL %i, and said',
  async (version) => {
    const notices: ProgressEvent[] = []
    const password = 'hüntér2 ①'
    const url = at(version, `app:${encodeURIComponent(password)}`, 'assistant')
    const bootstrap = { adminUrl: at(version, 'postgres', 'postgres') }
    const options = { bootstrap, progress: (event: ProgressEvent) => notices.push(event) }
    {
      await using db = await openDatabase(url, options)
      await using session = await db.session()
      expect(
        await session.query(
          sql`select current_user as role, datdba::regrole::text as owner from pg_database where datname = current_database()`,
        ),
      ).toEqual([{ role: 'app', owner: 'app' }])
    }
    await using _again = await openDatabase(url, options)
    expect(notices).toEqual([
      { kind: 'notice', message: 'Created the role app.' },
      { kind: 'notice', message: 'Created the database assistant.' },
    ])
    const log = servers.get(version)?.log() ?? ''
    expect(log).toContain('create role "app" login password \'SCRAM-SHA-256$')
    expect(log).not.toContain(password)
  },
)

test('a role that exists keeps its password, and a wrong one is still refused', async () => {
  await admin.script(`create role existing login password 'right'`)
  const bootstrap = { adminUrl: at(18, 'postgres', 'postgres') }
  await expect(openDatabase(at(18, 'existing:wrong', 'postgres'), { bootstrap })).rejects.toMatchObject({
    code: 'connection_failed',
    engineCode: '28P01',
    message: 'The server refuses the password of the role existing, or has no such role.',
  })
  await using _db = await openDatabase(at(18, 'existing:right', 'of_existing'), { bootstrap })
})

test('the database is created by its own role, where that may', async () => {
  await admin.script(`create role builder login createdb password 'x'`)
  await using db = await openDatabase(at(18, 'builder:x', 'of_builder'), { bootstrap: {} })
  await using session = await db.session()
  expect(await session.query(sql`select current_database() as name`)).toEqual([{ name: 'of_builder' }])
})

test('names and passwords of any kind', async () => {
  const name = `o'r"der \\ 🐘`
  const password = `p'w"\\ 🐘%`
  const url = at(18, `${encodeURIComponent(name)}:${encodeURIComponent(password)}`, encodeURIComponent(name))
  await using db = await openDatabase(url, { bootstrap: { adminUrl: at(18, 'postgres', 'postgres') } })
  await using session = await db.session()
  expect(await session.query(sql`select current_user as role, current_database() as name`)).toEqual([
    { role: name, name },
  ])
})

test.each([13, 18] as const)('an admin that is no superuser is enough on PostgreSQL %i', async (version) => {
  {
    await using db = await openDatabase(at(version, 'postgres', 'postgres'))
    await using session = await db.session()
    await session.script(`create role manager login createdb createrole password 'm'`)
  }
  const bootstrap = { adminUrl: at(version, 'manager:m', 'postgres') }
  await using db = await openDatabase(at(version, 'managed:x', 'managed_database'), { bootstrap })
  await using session = await db.session()
  expect(
    await session.query(sql`
      select datdba::regrole::text as owner, pg_has_role('manager', 'managed', 'usage') as lent
      from pg_database where datname = current_database()`),
  ).toEqual([{ owner: 'managed', lent: false }])
})

test('32 that start at once all get in', async () => {
  const bootstrap = { adminUrl: at(18, 'postgres', 'postgres') }
  const notices: string[] = []
  const progress = (event: ProgressEvent) => void (event.kind === 'notice' && notices.push(event.message))
  const opening = Array.from({ length: 32 }, () => openDatabase(at(18, 'many:x', 'of_many'), { bootstrap, progress }))
  const databases = await Promise.all(opening)
  await Promise.all(databases.map((each) => each.close()))
  expect(notices.sort()).toEqual(['Created the database of_many.', 'Created the role many.'])
})

test('where nothing may be created, it says what to do', async () => {
  await admin.script(`create role powerless login password 'x'`)
  await expect(openDatabase(at(18, 'powerless:x', 'wished'), { bootstrap: {} })).rejects.toMatchObject({
    code: 'connection_failed',
    message: 'The database wished does not exist, and this role may not create it.',
    remedy: 'Give admin_url the URL of a role that may create roles and databases, or create the database by hand.',
    details: ['The server says: permission denied to create database.'],
  })
})

test('nothing is created unless it is asked for', async () => {
  await expect(openDatabase(at(18, 'postgres', 'unasked'))).rejects.toMatchObject({ engineCode: '3D000' })
  expect(await admin.query(sql`select from pg_database where datname = 'unasked'`)).toEqual([])
})

test('an admin URL of another kind of database is refused', async () => {
  const opening = openDatabase(at(18, 'postgres', 'wanted'), { bootstrap: { adminUrl: 'sqlite::memory:' } })
  await expect(opening).rejects.toMatchObject({
    code: 'url_invalid',
    message: 'The admin URL is not the URL of a PostgreSQL server.',
    remedy: 'Give one that begins with postgres:, of a role that may create roles and databases.',
  })
})

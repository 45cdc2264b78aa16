import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { freePort, type PostgresServer, startPostgres } from '../../../test/harness/postgres-server.ts'
import { openDatabase, sql } from '../database.ts'

let server: PostgresServer
const silent: Server[] = []

beforeAll(async () => {
  server = await startPostgres(18, {
    settings: { max_connections: '5', superuser_reserved_connections: '1', log_connections: 'on' },
  })
  await using db = await openDatabase(server.url('postgres'))
  await using session = await db.session()
  await session.script(`create role app login password 'right'`)
  await session.script('create database closed')
  await session.script('revoke connect on database closed from public')
})
afterAll(async () => {
  await server.stop()
  for (const each of silent) each.close()
})

const at = (user: string, database = 'postgres') => `postgres://${user}@127.0.0.1:${server.port}/${database}`
const bootstrap = 'or let metastore create it with --bootstrap'

async function failure(url: string): Promise<unknown> {
  return openDatabase(url).then(
    () => undefined,
    (error: unknown) => error,
  )
}

test('a wrong password, without showing it', async () => {
  const error = await failure(at('app:hunter2'))
  expect(error).toMatchObject({
    code: 'connection_failed',
    reason: 'permission',
    engineCode: '28P01',
    message: 'The server refuses the password of the role app, or has no such role.',
    remedy: `Correct the user name and the password in the URL, ${bootstrap} if the role is missing.`,
    where: `postgres://app@127.0.0.1:${server.port}/postgres`,
    details: ['The server says: password authentication failed for user "app"'],
  })
  expect(JSON.stringify(error)).not.toContain('hunter2')
})

test('no password', async () => {
  expect(await failure(at('app'))).toMatchObject({
    code: 'connection_failed',
    message: 'The server asks for a password, and there is none in the database URL.',
    remedy: 'Put it into the URL, or set PGPASSWORD.',
  })
})

test('a database that does not exist', async () => {
  expect(await failure(at('postgres', 'nowhere'))).toMatchObject({
    code: 'connection_failed',
    reason: 'missing_object',
    engineCode: '3D000',
    message: 'The database nowhere does not exist on the server.',
    remedy: `Correct the name in the URL, create the database, ${bootstrap}.`,
  })
})

test('a role that may not connect to a database', async () => {
  expect(await failure(at('app:right', 'closed'))).toMatchObject({
    code: 'connection_failed',
    reason: 'permission',
    engineCode: '42501',
    message: 'The role app may not connect to the database closed.',
    remedy: 'Grant it: grant connect on database "closed" to "app".',
  })
})

test('a server without a connection left', async () => {
  await using one = await openDatabase(at('app:right'))
  const sessions = []
  for (let index = 0; index < 4; index++) sessions.push(await one.session())
  expect(await failure(at('app:right'))).toMatchObject({
    code: 'connection_failed',
    reason: 'busy',
    engineCode: '53300',
    message: 'The server has no connection left.',
    remedy: 'Close connections that are not needed, raise max_connections, or wait for one with --wait 60s.',
  })
})

test('nobody listens', async () => {
  const port = await freePort()
  expect(await failure(`postgres://app:hunter2@127.0.0.1:${port}/app`)).toMatchObject({
    code: 'connection_failed',
    reason: 'connection_lost',
    message: `No database server answers at 127.0.0.1:${port}.`,
    remedy: 'Start the server, correct the host and the port in the URL, or wait for it with --wait 60s.',
    where: `postgres://app@127.0.0.1:${port}/app`,
  })
  expect(await failure(`postgres://app@localhost:${port}/app`)).toMatchObject({
    message: `No database server answers at localhost:${port}.`,
  })
  expect(await failure(`postgres://app@[::1]:${port}/app`)).toMatchObject({
    code: 'connection_failed',
    reason: 'connection_lost',
  })
})

test('no socket', async () => {
  expect(await failure('postgres://app@/app?host=/nowhere')).toMatchObject({
    code: 'connection_failed',
    message: 'No database server answers at /nowhere/.s.PGSQL.5432.',
  })
})

test('no such host', async () => {
  expect(await failure('postgres://app@no-such-host.invalid/app')).toMatchObject({
    code: 'connection_failed',
    reason: 'connection_lost',
    message: 'The name of the host no-such-host.invalid cannot be resolved.',
    remedy: 'Correct the host in the URL, or wait for it with --wait 60s where it is only starting.',
  })
})

test('a server that accepts and says nothing', async () => {
  const port = await listen(() => {})
  expect(await failure(`postgres://app@127.0.0.1:${port}/app?connect_timeout=1`)).toMatchObject({
    code: 'connection_failed',
    message: `The database server at 127.0.0.1:${port} has not answered in time.`,
    remedy: 'Check the host, the port and the network; connect_timeout in the URL sets how many seconds to wait.',
  })
})

test('a server that hangs up', async () => {
  const port = await listen((socket) => socket.destroy())
  expect(await failure(`postgres://app@127.0.0.1:${port}/app?sslmode=disable`)).toMatchObject({
    code: 'connection_failed',
    reason: 'connection_lost',
    message: expect.stringMatching(
      new RegExp(`^The connection to the database server at 127\\.0\\.0\\.1:${port} failed: .+\\.$`),
    ) as string,
  })
})

test('something that is not PostgreSQL', async () => {
  const port = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  expect(await failure(`postgres://app@127.0.0.1:${port}/app?connect_timeout=5`)).toMatchObject({
    code: 'connection_failed',
  })
})

test('a pooler that does not let a parameter pass', async () => {
  const fields =
    ['SFATAL', 'VFATAL', 'C08P01', 'Munsupported startup parameter: options'].map((field) => `${field}\0`).join('') +
    '\0'
  const length = Buffer.alloc(4)
  length.writeInt32BE(4 + fields.length)
  const port = await listen((socket) =>
    socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)]))),
  )
  expect(await failure(`postgres://app@127.0.0.1:${port}/app?sslmode=disable&options=-c%20a%3Db`)).toMatchObject({
    code: 'connection_failed',
    reason: 'other',
    message: 'The server refuses the connection: unsupported startup parameter: options.',
    remedy:
      'Remove that parameter from the URL, for a connection pooler does not let it pass; or connect to the server itself.',
  })
})

test('a standby where target_session_attrs asks for a server to write to', async () => {
  const url = await freshPostgresUrl(18)
  const readOnly = `options=${encodeURIComponent('-c default_transaction_read_only=on')}`
  expect(await failure(`${url}?target_session_attrs=read-write&${readOnly}`)).toMatchObject({
    code: 'connection_failed',
    message: 'The server is not what target_session_attrs=read-write asks for.',
    remedy: 'Connect to another server, such as the primary one.',
  })
  for (const query of [
    'target_session_attrs=read-write',
    `target_session_attrs=read-only&${readOnly}`,
    'target_session_attrs=primary',
  ]) {
    await using db = await openDatabase(`${url}?${query}`)
    await using session = await db.session()
    expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
  }
})

test('an aborted signal ends the attempt', async () => {
  const port = await listen(() => {})
  const abort = new AbortController()
  const opening = openDatabase(`postgres://app@127.0.0.1:${port}/app`, { signal: abort.signal })
  const canceled = expect(opening).rejects.toMatchObject({ code: 'canceled' })
  setImmediate(() => abort.abort())
  await canceled
})

test('a Unix-domain socket is a way in', async () => {
  await using db = await openDatabase(`postgres://postgres@/postgres?host=${server.directory}&port=${server.port}`)
  await using session = await db.session()
  expect(await session.query(sql`select inet_client_addr() as address`)).toEqual([{ address: null }])
  expect(db.address).toBe(`postgres://postgres@/postgres?host=${server.directory}&port=${server.port}`)
})

async function listen(connected: Parameters<typeof createServer>[1]): Promise<number> {
  const each = createServer(connected).listen(0, '127.0.0.1')
  await once(each, 'listening')
  silent.push(each)
  return (each.address() as AddressInfo).port
}

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../../test/harness/postgres-server.ts'
import { openDatabase, sql } from '../database.ts'

const directory = fileURLToPath(new URL('../../../test/harness/tls', import.meta.url))
const file = (name: string) => path.join(directory, name)
const text = (name: string) => readFileSync(file(name), 'utf8')

let server: PostgresServer
let plain: PostgresServer

beforeAll(async () => {
  ;[server, plain] = await Promise.all([
    startPostgres(18, {
      files: {
        'server.key': text('server.key'),
        'server.crt': text('server.crt'),
        'authority.crt': text('authority.crt'),
      },
      settings: {
        ssl: 'on',
        ssl_cert_file: '$DIR/server.crt',
        ssl_key_file: '$DIR/server.key',
        ssl_ca_file: '$DIR/authority.crt',
      },
      access: [
        'local all all trust',
        'hostssl all certified 127.0.0.1/32 cert',
        'hostssl all bound 127.0.0.1/32 scram-sha-256',
        'hostnossl all open 127.0.0.1/32 trust',
        'hostssl all postgres 127.0.0.1/32 trust',
      ],
    }),
    startPostgres(18),
  ])
  await using db = await openDatabase(`postgres://postgres@/postgres?host=${server.directory}&port=${server.port}`)
  await using session = await db.session()
  await session.script(`create role certified login; create role open login; create role bound login password 'secret'`)
})
afterAll(async () => {
  await server.stop()
  await plain.stop()
})

// `localhost` is the name in the certificate; the address is not.
const url = (user: string, query: string, host = 'localhost') =>
  `postgres://${user}@${host}:${server.port}/postgres?${query}`
const root = `sslrootcert=${file('authority.crt')}`

async function isEncrypted(address: string): Promise<boolean> {
  await using db = await openDatabase(address)
  await using session = await db.session()
  const [row] = await session.query<{ ssl: boolean }>(sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`)
  return row?.ssl ?? false
}

test.each([
  ['sslmode=prefer', true],
  ['', true],
  ['sslmode=require', true],
  ['ssl=true', true],
  ['sslmode=allow', true],
  [`sslmode=verify-ca&${root}`, true],
  [`sslmode=verify-full&${root}`, true],
  [`sslmode=require&${root}`, true],
  [`sslmode=require&sslnegotiation=direct`, true],
])('a server with TLS and %j', async (query, encrypted) => {
  expect(await isEncrypted(url('postgres', query))).toBe(encrypted)
})

test('verify-ca does not look at the name of the host, verify-full does', async () => {
  expect(await isEncrypted(url('postgres', `sslmode=verify-ca&${root}`, '127.0.0.1'))).toBe(true)
  await expect(isEncrypted(url('postgres', `sslmode=verify-full&${root}`, '127.0.0.1'))).rejects.toMatchObject({
    code: 'connection_failed',
    message: "The server's certificate is for another host than the one in the database URL.",
    remedy: 'Connect by the name that is in the certificate, or check the certificate only with sslmode=verify-ca.',
    where: `postgres://postgres@127.0.0.1:${server.port}/postgres`,
  })
})

test('a role that may come in only without TLS comes in with prefer, and not with require', async () => {
  expect(await isEncrypted(url('open', ''))).toBe(false)
  expect(await isEncrypted(url('open', 'sslmode=allow'))).toBe(false)
  await expect(isEncrypted(url('open', 'sslmode=require'))).rejects.toMatchObject({
    code: 'connection_failed',
    engineCode: '28000',
    message: expect.stringMatching(
      /^The server does not let the role open in: no pg_hba\.conf entry .*SSL encryption\.$/,
    ) as string,
    remedy:
      'Correct the user name or sslmode in the URL, allow the connection in pg_hba.conf, or create the role, or let metastore create it with --bootstrap.',
  })
})

test.each(['sslmode=disable', 'sslmode=prefer', 'sslmode=allow', ''])('a server without TLS and %j', async (query) => {
  expect(await isEncrypted(`postgres://postgres@127.0.0.1:${plain.port}/postgres?${query}`)).toBe(false)
})

test.each(['require', 'verify-full'])('a server without TLS and sslmode=%s', async (mode) => {
  await expect(
    isEncrypted(`postgres://postgres@127.0.0.1:${plain.port}/postgres?sslmode=${mode}`),
  ).rejects.toMatchObject({
    code: 'connection_failed',
    message: 'The server does not speak TLS, and the database URL requires it.',
    remedy: 'Turn ssl on at the server, or connect without it by sslmode=disable where the network is trusted.',
  })
})

test('a certificate that nobody trusted has signed is refused where it is to be checked', async () => {
  const refused = {
    code: 'connection_failed',
    message: expect.stringMatching(/^The server's certificate is not signed by anybody trusted: .+\.$/) as string,
    remedy: 'Name the certificate of its authority with sslrootcert, or encrypt without checking by sslmode=require.',
  }
  await expect(isEncrypted(url('postgres', 'sslmode=verify-full'))).rejects.toMatchObject(refused)
  await expect(isEncrypted(url('postgres', 'sslmode=verify-full&sslrootcert=system'))).rejects.toMatchObject(refused)
  await expect(
    isEncrypted(url('postgres', `sslmode=verify-ca&sslrootcert=${file('client.crt')}`)),
  ).rejects.toMatchObject(refused)
})

test('verify-ca without a certificate to check against would check nothing', async () => {
  await expect(isEncrypted(url('postgres', 'sslmode=verify-ca'))).rejects.toMatchObject({
    code: 'connection_failed',
    message: "sslmode=verify-ca needs the certificate that the server's certificate is to be signed by.",
    remedy:
      'Name its file with sslrootcert, or use sslmode=verify-full for a server with a publicly trusted certificate.',
  })
})

test('a file that cannot be read is named', async () => {
  await expect(isEncrypted(url('postgres', 'sslmode=verify-ca&sslrootcert=/nowhere/ca.crt'))).rejects.toMatchObject({
    code: 'connection_failed',
    message: 'The file /nowhere/ca.crt, which sslrootcert of the database URL names, cannot be read.',
    where: '/nowhere/ca.crt',
    remedy: 'Correct sslrootcert, or make the file readable.',
  })
})

test('a role comes in with a certificate of its own', async () => {
  const own = `sslmode=verify-full&${root}&sslcert=${file('client.crt')}&sslkey=${file('client.key')}`
  expect(await isEncrypted(url('certified', own))).toBe(true)
  await expect(isEncrypted(url('certified', `sslmode=verify-full&${root}`))).rejects.toMatchObject({
    code: 'connection_failed',
    engineCode: '28000',
  })
})

test('a required channel binding is used, and refused where it is not offered', async () => {
  expect(await isEncrypted(url('bound:secret', 'sslmode=require&channel_binding=require'))).toBe(true)
  const refused = {
    code: 'connection_failed',
    message: 'The database URL requires channel binding, and the server does not offer it.',
    remedy: 'Connect to the server with TLS and without a proxy in between, or remove channel_binding from the URL.',
  }
  await expect(isEncrypted(url('postgres', 'sslmode=require&channel_binding=require'))).rejects.toMatchObject(refused)
  await expect(
    isEncrypted(`postgres://postgres@127.0.0.1:${plain.port}/postgres?channel_binding=require`),
  ).rejects.toMatchObject(refused)
})

test('a statement on an encrypted connection is canceled on the server', async () => {
  await using db = await openDatabase(url('postgres', `sslmode=verify-full&${root}`))
  await using observer = await db.session()
  for (const query of ['', '&sslnegotiation=direct']) {
    await using other = await openDatabase(url('postgres', `sslmode=verify-full&${root}${query}`))
    const abort = new AbortController()
    await using session = await other.session({ signal: abort.signal })
    const running = expect(session.query(sql`select pg_sleep(600)`)).rejects.toMatchObject({ code: 'canceled' })
    const sleeping = sql`select from pg_stat_activity where state = 'active' and query = 'select pg_sleep(600)'`
    await expect.poll(() => observer.query(sleeping)).toHaveLength(1)
    abort.abort()
    await running
    expect(await observer.query(sleeping)).toHaveLength(0)
    abort.abort()
  }
})

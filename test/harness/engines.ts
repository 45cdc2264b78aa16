import { cpSync } from 'node:fs'
import path from 'node:path'
import { Client, escapeIdentifier } from 'pg'
import { afterAll, inject } from 'vitest'
import type { SchemaTemplate } from './schema-templates.ts'
import { type Version, versions } from './postgres-binaries.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export { temporaryDirectory } from './temporary-directory.ts'

/** A kind of database that tests run on. */
export interface Engine {
  readonly name: 'postgres' | 'pglite' | 'sqlite'
  /** The URL of an empty database that nobody else uses. It is removed when the test file is done. */
  freshUrl(): Promise<string>
}

/** Every engine, for `describe.each`. PGlite lives in memory: a test that needs it on disk names a directory itself. */
export const engines: readonly Engine[] = [
  { name: 'postgres', freshUrl: () => freshPostgresUrl(18) },
  { name: 'pglite', freshUrl: () => Promise.resolve('pglite:memory') },
  { name: 'sqlite', freshUrl: () => Promise.resolve(`sqlite:${path.join(temporaryDirectory(), 'test.db')}`) },
]

/** The PostgreSQL versions, for tests of what differs between them. */
export const postgresVersions: readonly { readonly version: Version; freshUrl(): Promise<string> }[] = versions.map(
  (version) => ({ version, freshUrl: () => freshPostgresUrl(version) }),
)

/** The URL of the database `postgres` on a server of this run, as its superuser; the server starts when first asked for. */
async function serverUrl(version: Version): Promise<string> {
  const response = await fetch(`${inject('postgresServers')}/${version}`)
  const answer = await response.text()
  if (!response.ok) throw new Error(answer)
  return answer
}

/** A database that has the shipped schema, and the schema of views that applications use. */
export interface SchemaCopy {
  readonly url: string
  readonly version: string
}

/** A new database with the shipped schema: on PostgreSQL of a version, or embedded, in a directory. */
export async function freshSchema(engine: Version | 'pglite'): Promise<SchemaCopy> {
  const response = await fetch(`${inject('postgresServers')}/${engine}/schema`)
  const answer = await response.text()
  if (!response.ok) throw new Error(answer)
  const { source, version } = JSON.parse(answer) as SchemaTemplate
  if (engine !== 'pglite') return { url: await freshPostgresUrl(engine, `postgres://host/${source}`), version }
  const directory = path.join(temporaryDirectory(), 'data')
  cpSync(source, directory, { recursive: true })
  return { url: `pglite:${directory}`, version }
}

let count = 0
const created: { readonly server: string; readonly database: string }[] = []

/** The URL of a new database on PostgreSQL of a version, as its superuser: empty, or a copy of one that nobody uses. */
export async function freshPostgresUrl(version: Version, copied?: string): Promise<string> {
  const server = await serverUrl(version)
  const database = `test_${process.pid}_${++count}`
  const template = copied === undefined ? '' : ` template ${escapeIdentifier(nameOf(copied))}`
  await onServer(server, `create database ${escapeIdentifier(database)}${template}`)
  created.push({ server, database })
  return server.replace(/postgres$/, database)
}

/** Removes such a database before the test file is done, where there are too many to keep. */
export async function dropDatabase(url: string): Promise<void> {
  const index = created.findIndex(({ database }) => database === nameOf(url))
  for (const { server, database } of created.splice(index, 1)) await drop(server, database)
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1)
}

async function drop(server: string, database: string): Promise<void> {
  await onServer(server, `drop database if exists ${escapeIdentifier(database)} with (force)`)
}

afterAll(async () => {
  for (const { server, database } of created.splice(0)) await drop(server, database)
})

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import { openDatabase } from '../../src/database/database.ts'
import { migrateShipped } from '../shipped-schema/migrate.ts'

/** The name of the database, on each server of a run, that has the shipped schema and is copied for tests. */
const template = 'assistant_schema'

/** A database with the shipped schema that tests make copies of, and the version schema that applications use. */
export interface SchemaTemplate {
  /** The name of a database on the server, or the directory of an embedded one. */
  readonly source: string
  readonly version: string
}

/** Makes the template on a server. `serverUrl` is that of its database `postgres`. */
export async function postgresTemplate(serverUrl: string): Promise<SchemaTemplate> {
  const client = new Client(serverUrl)
  await client.connect()
  await client.query(`create database ${template}`)
  await client.end()
  await using database = await openDatabase(serverUrl.replace(/postgres$/, template))
  return { source: template, version: await migrateShipped(database) }
}

/** Makes the template of the embedded engine; `remove` takes it away. */
export async function pgliteTemplate(): Promise<SchemaTemplate & { remove(): void }> {
  const directory = mkdtempSync(path.join(tmpdir(), 'metastore-template-'))
  await using database = await openDatabase(`pglite:${directory}`)
  return {
    source: directory,
    version: await migrateShipped(database),
    remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }),
  }
}

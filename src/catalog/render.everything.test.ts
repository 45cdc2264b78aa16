import { describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../test/harness/engines.ts'
import { openDatabase, type Session } from '../database/database.ts'
import { diffCatalogs, introspect, type RenderedStatement, renderCatalog } from './catalog.ts'
import { createEverything, createRoles } from '../../test/harness/everything.ts'

const targets = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

describe.each(targets)('On $name', (target) => {
  test('a catalog with one object of every kind is rendered to SQL that makes the same again', async () => {
    await using database = await openDatabase(await target.freshUrl())
    await using session = await database.session()
    await createEverything(session, database.server.major)
    const catalog = await introspect(session, 'postgres')

    await using other = await openDatabase(await target.freshUrl())
    await using empty = await other.session()
    await createRoles(empty)
    // Servers of foreign tables are not in a catalog.
    await empty.script('create foreign data wrapper nothing; create server elsewhere foreign data wrapper nothing')
    await run(empty, renderCatalog(catalog))
    expect(diffCatalogs(catalog, await introspect(empty, 'postgres'))).toEqual([])
  })
})

async function run(session: Session, statements: readonly RenderedStatement[]): Promise<void> {
  for (const { sql: statement, label } of statements) {
    await session.query(statement).catch((error: unknown) => {
      throw new Error(`${label}: ${String(error)}\n${statement.inline('postgres')}`)
    })
  }
}

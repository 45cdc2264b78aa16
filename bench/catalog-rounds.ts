import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Client } from 'pg'
import { type Catalog, diffCatalogs, introspect, renderCatalog } from '../src/catalog/catalog.ts'
import { openDatabase, type Session } from '../src/database/database.ts'
import { catalogQueries } from './catalog-queries.ts'
import { type CatalogSize, largeSchema } from './catalog-schema.ts'
import type { Server } from './server.ts'

/** Milliseconds of one round. */
export interface CatalogRound {
  readonly queries: number
  readonly introspect: number
  /** The comparison with the same catalog read before. */
  readonly diff: number
  /** SQL for all of it. */
  readonly render: number
  /** `pg_dump --schema-only`; null where none is installed that knows the server. */
  readonly dump: number | null
}

/** What the rounds were run on, and what they took. */
export interface CatalogFigures {
  readonly found: { readonly tables: number; readonly columns: number; readonly indexes: number }
  readonly rounds: readonly CatalogRound[]
}

/** Reads the catalog of a large schema in several ways, in turn. */
export async function catalogRounds(
  server: Server,
  size: CatalogSize,
  rounds: number,
  dump: boolean,
): Promise<CatalogFigures> {
  const url = await server.freshDatabase()
  await server.withClient(url, async (client) => {
    for (const statement of largeSchema(size)) await client.query(statement)
    await client.query('vacuum analyze')
  })
  await using database = await openDatabase(url)
  await using session = await database.session()
  return await server.withClient(url, async (client) => {
    const expected = await introspect(session, 'postgres')
    const all: CatalogRound[] = []
    // The first round only warms the caches.
    for (let round = 0; round <= rounds; round += 1) {
      const taken = await oneRound({ url, client, session, expected, dump }, round)
      if (round > 0) all.push(taken)
    }
    const sum = (count: (table: Catalog['tables'][number]) => number) =>
      expected.tables.reduce((total, each) => total + count(each), 0)
    return {
      found: {
        tables: expected.tables.length,
        columns: sum(({ columns }) => columns.length),
        indexes: sum(({ indexes }) => indexes.length),
      },
      rounds: all,
    }
  })
}

interface Place {
  readonly url: string
  readonly client: Client
  readonly session: Session
  readonly expected: Catalog
  readonly dump: boolean
}

async function oneRound({ url, client, session, expected, dump }: Place, round: number): Promise<CatalogRound> {
  let actual = expected
  const turns = {
    queries: async () => {
      for (const text of catalogQueries) await client.query(text)
    },
    introspect: async () => void (actual = await introspect(session, 'postgres')),
  }
  const order = round % 2 === 0 ? (['queries', 'introspect'] as const) : (['introspect', 'queries'] as const)
  const taken = { queries: 0, introspect: 0 }
  for (const key of order) taken[key] = await milliseconds(turns[key])
  const diff = await milliseconds(() => {
    const differences = diffCatalogs(expected, actual)
    if (differences.length > 0) throw new Error(`A catalog differs from itself in ${differences.length} places.`)
  })
  return {
    ...taken,
    diff,
    render: await milliseconds(() => void renderCatalog(actual)),
    dump: dump ? await milliseconds(async () => void (await dumped(url))) : null,
  }
}

async function milliseconds(work: () => void | Promise<void>): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

async function dumped(url: string): Promise<string> {
  const { stdout } = await promisify(execFile)('pg_dump', ['--schema-only', '--dbname', url], {
    maxBuffer: 256 * 1024 * 1024,
  })
  return stdout
}

/** The major version of the pg_dump that is installed; null where there is none. */
export async function installedDump(): Promise<number | null> {
  try {
    const { stdout } = await promisify(execFile)('pg_dump', ['--version'])
    return Number(/(\d+)\.\d+/.exec(stdout)?.[1])
  } catch {
    return null
  }
}

import { describe, expect, test } from 'vitest'
import { fc } from '../../test/harness/properties.ts'
import { campaign } from '../../test/harness/campaign.ts'
import { engines, postgresVersions } from '../../test/harness/engines.ts'
import { randomSchema } from '../../test/harness/random-schema.ts'
import { type Queryable, openDatabase, raw, type Session, sql } from '../database/database.ts'
import {
  type Catalog,
  type Difference,
  diffCatalogs,
  introspect,
  type RenderedStatement,
  renderCatalog,
  renderDifferences,
} from './catalog.ts'

const targets = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]
const numRuns = campaign ? 500 : 12

describe.each(targets)('On $name', (target) => {
  test('a random catalog is rendered to SQL that makes the same again', async () => {
    await using database = await openDatabase(await target.freshUrl())
    await using session = await database.session()
    await fc.assert(
      fc.asyncProperty(randomSchema, async (statements) => {
        const catalog = await tried(session, (tx) => made(tx, statements))
        const again = await tried(session, async (tx) => {
          await run(tx, renderCatalog(catalog))
          return introspect(tx, 'postgres')
        })
        expect(shown(diffCatalogs(catalog, again))).toEqual([])
      }),
      { numRuns },
    )
  })

  test('one random catalog is made of another, but for what is named as impossible', async () => {
    await using database = await openDatabase(await target.freshUrl())
    await using session = await database.session()
    await fc.assert(
      fc.asyncProperty(randomSchema, randomSchema, async (before, after) => {
        const expected = await tried(session, (tx) => made(tx, after))
        await tried(session, async (tx) => {
          const actual = await made(tx, before)
          const { statements, unrendered } = renderDifferences(diffCatalogs(expected, actual), expected, actual)
          const named = new Set(unrendered.flatMap(({ difference: { object } }) => [object.key, object.partOf]))
          await run(tx, statements)
          const left = diffCatalogs(expected, await introspect(tx, 'postgres'))
          expect(shown(left.filter(({ object }) => !named.has(object.key)))).toEqual([])
        })
      }),
      { numRuns: numRuns * 2 },
    )
  })
})

async function made(tx: Queryable, statements: readonly string[]): Promise<Catalog> {
  for (const statement of statements) await tx.query(sql`${raw(statement)}`)
  return introspect(tx, 'postgres')
}

/** Does it and takes it back. */
async function tried<Result>(session: Session, work: (tx: Queryable) => Promise<Result>): Promise<Result> {
  const rollBack = new Error('not to be kept')
  let result: Result | undefined
  const done = session.transaction(async (tx) => {
    result = await work(tx)
    throw rollBack
  })
  await done.catch((error: unknown) => {
    if (error !== rollBack) throw error
  })
  return result as Result
}

async function run(tx: Queryable, statements: readonly RenderedStatement[]): Promise<void> {
  for (const { sql: statement, label } of statements) {
    await tx.query(statement).catch((error: unknown) => {
      const all = statements.map((each) => each.sql.inline('postgres')).join(';\n')
      throw new Error(`${label}: ${String(error)}\n${statement.inline('postgres')}\nof\n${all}`)
    })
  }
}

function shown(differences: readonly Difference[]) {
  return differences.map(({ kind, object, changes }) => [kind, object.key, ...changes])
}

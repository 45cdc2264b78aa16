import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fc } from '../../test/harness/properties.ts'
import { campaign } from '../../test/harness/campaign.ts'
import { type Database, openDatabase } from '../database/database.ts'
import { type Catalog, type CatalogObject, diffCatalogs, introspect, objects } from './catalog.ts'
import { createEverything } from '../../test/harness/everything.ts'

let database: Database
let catalog: Catalog

beforeAll(async () => {
  database = await openDatabase('pglite:memory')
  await using session = await database.session()
  await createEverything(session, database.server.major)
  catalog = await introspect(session, 'postgres')
})
afterAll(() => database.close())

/** One property of one object, and where it stands in the catalog as JSON. */
interface Leaf {
  readonly object: CatalogObject
  readonly path: readonly string[]
}

describe('The diff of catalogs', () => {
  test('is empty for a catalog and itself', () => {
    expect(diffCatalogs(catalog, structuredClone(catalog))).toEqual([])
  })

  test('names the object and the property, whichever of them is changed', () => {
    const leaves = [...objects(catalog)].flatMap((object) => [...leavesOf(object)])
    expect(leaves.length).toBeGreaterThan(2000)
    fc.assert(
      fc.property(fc.constantFrom(...leaves), ({ object, path }) => {
        const copy = structuredClone(catalog)
        const found = [...objects(copy)].find(({ key }) => key === object.key)!
        change(found.value, path)
        // As a difference in its own right, or as one of the constraint that an index serves.
        const told = diffCatalogs(catalog, copy).flatMap(({ object, changes }) =>
          changes.map(({ property }) => `${object.key}: ${property}`),
        )
        const wanted = `${object.key}: ${path.map(String)[0]}`
        const isTold = told.some((each) => each === wanted || each.startsWith(`${wanted}.`))
        expect(isTold, `${wanted} (${path.join('.')}) among ${told.join('; ')}`).toBe(true)
      }),
      { numRuns: campaign ? 5000 : 300 },
    )
  })

  test('does not depend on the order of what has none', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
        const copy = structuredClone(catalog) as unknown
        shuffle(copy, () => numbers.next().value as number)
        expect(diffCatalogs(catalog, copy as Catalog)).toEqual([])
      }),
      { numRuns: campaign ? 500 : 20 },
    )
  })
})

// Identity, and what is compared as an object of its own.
const elsewhere = new Set(['schema', 'name', 'role', 'objects', 'argumentTypes'])
const parts = new Set(['columns', 'constraints', 'indexes', 'triggers', 'rules', 'policies'])

const structured = new Set([
  'partitionOf',
  'partOf',
  'ownedBy',
  'identity',
  'generated',
  'foreign',
  'function',
  'target',
])

function* leavesOf(object: CatalogObject): Generator<Leaf> {
  for (const [name, value] of Object.entries(object.value) as [string, unknown][]) {
    if (elsewhere.has(name) || (object.kind === 'table' && parts.has(name))) continue
    if (object.kind === 'view' && parts.has(name) && name !== 'columns') continue
    yield* walk(object, [name], value)
  }
}

function* walk(object: CatalogObject, path: readonly string[], value: unknown): Generator<Leaf> {
  // What would be an object if it were there cannot be changed to a text.
  if (value === null && structured.has(path.at(-1) ?? '')) return
  if (typeof value !== 'object' || value === null) yield { object, path }
  else
    for (const [name, inner] of Object.entries(value) as [string, unknown][])
      yield* walk(object, [...path, name], inner)
}

function change(value: object, path: readonly string[]): void {
  let owner = value as Record<string, unknown>
  for (const name of path.slice(0, -1)) owner = owner[name] as Record<string, unknown>
  const last = path.at(-1)!
  const old = owner[last]
  owner[last] = typeof old === 'boolean' ? !old : typeof old === 'number' ? old + 1 : `${String(old)} changed`
}

// Lists that the catalog has sorted, or that stand for sets.
const unordered = new Set([
  'schemas',
  'extensions',
  'collations',
  'types',
  'sequences',
  'tables',
  'views',
  'routines',
  'statistics',
  'eventTriggers',
  'publications',
  'defaultPrivileges',
  'constraints',
  'indexes',
  'triggers',
  'rules',
  'policies',
  'grants',
  'privileges',
  'roles',
  'events',
  'tags',
  'kinds',
  'onDeleteColumns',
])

function shuffle(value: unknown, next: () => number): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value) as [string, unknown][]) {
    shuffle(inner, next)
    if (!Array.isArray(inner) || !unordered.has(name)) continue
    for (let place = inner.length - 1; place > 0; place--) {
      const other = next() % (place + 1)
      ;[inner[place], inner[other]] = [inner[other], inner[place]]
    }
  }
}

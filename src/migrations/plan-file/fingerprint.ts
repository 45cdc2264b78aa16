import { createHash } from 'node:crypto'
import { objects, type Catalog, type CatalogObject } from '../../catalog/catalog.ts'
import type { PlannedMigration } from '../planned.ts'
import type { PlanFile } from './plan-file.ts'

/**
 * The definitions of the tables that a plan is about, as digests, so that a change of one can be told by its name. Where a
 * step cannot be foreseen it may be about any table of the base schema, so all of them count.
 */
export function fingerprintOf(
  catalog: Catalog,
  migrations: readonly Pick<PlannedMigration, 'steps'>[],
  base: string,
): NonNullable<PlanFile['catalog']> {
  const forecasts = migrations.flatMap(({ steps }) => steps.flatMap(({ forecast }) => forecast ?? []))
  const named = new Set(forecasts.flatMap(({ locks }) => locks.map(({ table }) => table)))
  const anyTable = forecasts.some(({ waits }) => waits === null)
  return [...objects(catalog)]
    .filter(({ path: [schema = '', name = ''] }) => named.has(`${schema}.${name}`) || (anyTable && schema === base))
    .filter(({ kind }) => partsOfTables.has(kind))
    .map((object) => ({ object: object.key, digest: digestOf(object) }))
}

const partsOfTables = new Set<CatalogObject['kind']>([
  'table',
  'view',
  'column',
  'constraint',
  'index',
  'trigger',
  'rule',
  'policy',
])

// A table's parts have digests of their own.
function digestOf({ kind, value }: CatalogObject): string {
  const parts = ['columns', 'constraints', 'indexes', 'triggers', 'rules', 'policies']
  const own =
    kind === 'table' ? Object.fromEntries(Object.entries(value).filter(([key]) => !parts.includes(key))) : value
  return createHash('sha256').update(JSON.stringify(own)).digest('hex').slice(0, 16)
}

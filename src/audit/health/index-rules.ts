import { displayName, objectKey, type Index, type Table } from '../../catalog/catalog.ts'
import { id, literal, sql } from '../../database/database.ts'
import { asText, eachTable, shownTable } from './constraint-rules.ts'
import type { HealthRule } from './health-rule.ts'

/** Indexes that a concurrent build has left behind. */
export const invalidIndex: HealthRule = {
  code: 'invalid_index',
  severity: 'P1',
  why: 'No query uses it, every write pays for it, and IF NOT EXISTS takes it for the index that was meant.',
  find: (catalog) =>
    eachTable(catalog, (table) =>
      table.indexes
        // That of a partitioned table is invalid as long as a partition lacks its part.
        .filter(({ valid, partOf }) => !valid && partOf === null)
        .map((index) => ({
          objectKey: keyOf(table, index),
          message: `Index ${displayName(index.name)} of ${shownTable(table)} is invalid: a build of it failed or is under way.`,
          remedy:
            table.kind === 'partitioned'
              ? 'Build and attach the index of every partition that lacks one.'
              : 'Rebuild it; a unique one needs rows without duplicates first.',
          query: asText(
            sql`select indisvalid, indisready from pg_index where indexrelid = ${literal(path(table.schema, index.name))}::regclass`,
          ),
          repair:
            table.kind === 'partitioned'
              ? []
              : [asText(sql`reindex index concurrently ${id(table.schema, index.name)}`)],
        })),
    ),
}

/** Indexes that another one of the same table makes superfluous. */
export const duplicateIndex: HealthRule = {
  code: 'duplicate_index',
  severity: 'P2',
  why: 'Every write keeps both up to date, and no query needs both.',
  find: (catalog) =>
    eachTable(catalog, (table) =>
      table.indexes.flatMap((index, place) => {
        const twin = table.indexes.find(
          (other, otherPlace) => otherPlace !== place && covers(other, index, otherPlace < place),
        )
        if (twin === undefined) return []
        return [
          {
            objectKey: keyOf(table, index),
            message: `Index ${displayName(index.name)} of ${shownTable(table)} does what ${displayName(twin.name)} does as well.`,
            remedy: `Remove it by a remove_index action, unless something names it.`,
            query: asText(
              sql`select indexname, indexdef from pg_indexes where schemaname = ${literal(table.schema)} and tablename = ${literal(table.name)}`,
            ),
            repair: [],
          },
        ]
      }),
    ),
}

// The same in everything but the name; of two such, the one that serves nothing else is superfluous.
function covers(other: Index, index: Index, isEarlier: boolean): boolean {
  if (index.constraint !== null || index.partOf !== null || !other.valid) return false
  const shape = ({ method, keys, include, predicate, nullsNotDistinct }: Index) =>
    JSON.stringify([method, keys, include, predicate, nullsNotDistinct])
  if (shape(other) !== shape(index) || (index.unique && !other.unique)) return false
  const better = other.constraint !== null || (other.unique && !index.unique)
  return better || isEarlier
}

/** Indexes that no query has used since statistics began. */
export const unusedIndex: HealthRule = {
  code: 'unused_index',
  severity: 'P2',
  why: 'Every write keeps it up to date for nothing.',
  find: (catalog, { indexes, statisticsAreOld }) => {
    if (!statisticsAreOld) return []
    const idle = new Set(indexes.filter(({ scans }) => scans === 0).map(({ schema, name }) => path(schema, name)))
    return eachTable(catalog, (table) =>
      table.indexes
        .filter(({ name, unique, constraint }) => !unique && constraint === null && idle.has(path(table.schema, name)))
        .map((index) => ({
          objectKey: keyOf(table, index),
          message: `Index ${displayName(index.name)} of ${shownTable(table)} has not been used since statistics began.`,
          remedy: 'Look on every replica as well; when none uses it, remove it by a remove_index action.',
          query: asText(
            sql`select idx_scan, last_idx_scan from pg_stat_user_indexes where schemaname = ${literal(table.schema)} and indexrelname = ${literal(index.name)}`,
          ),
          repair: [],
        })),
    )
  },
}

function keyOf(table: Table, index: Index): string {
  return objectKey('index', [table.schema, table.name, index.name])
}

function path(schema: string, name: string): string {
  return `${displayName(schema)}.${displayName(name)}`
}

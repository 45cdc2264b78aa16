import { raw } from '../database/sql.ts'
import { type Catalog, emptyCatalog } from './database-catalog.ts'
import { type Difference, diffCatalogs, type FoldedDifference, foldDifferences } from './diff.ts'
import type { CatalogObject } from './objects.ts'
import { misplacedColumns } from './render/column-order.ts'
import { makingOf } from './render/making.ts'
import { operationsOf } from './render/operations.ts'
import { inOrder } from './render/order.ts'
import { graphOf, planChanges } from './render/plan.ts'
import { renderSqlite } from './render/sqlite.ts'
import type { RenderedStatement } from './render/statement.ts'

export type { RenderedStatement }

/** A difference that no statement mends, and why. */
export interface Unrendered {
  readonly difference: Difference
  /** A sentence. */
  readonly reason: string
}

/** What makes the actual database what is expected, as far as that is possible. */
export interface RenderedDifferences {
  readonly statements: readonly RenderedStatement[]
  readonly unrendered: readonly Unrendered[]
}

/** SQL that creates everything in a catalog on an empty database, in an order in which everything finds what it needs. */
export function renderCatalog(catalog: Catalog): readonly RenderedStatement[] {
  if (catalog.dialect === 'sqlite') return renderSqlite(catalog, () => true)
  const empty = emptyCatalog(catalog.dialect)
  return renderDifferences(diffCatalogs(catalog, empty), catalog, empty).statements
}

/**
 * SQL that makes an actual database what is expected: what these differences say, and what follows from them. What stands
 * in the way of a change, such as a view of a column that gets another type, is dropped and made again.
 */
export function renderDifferences(
  differences: readonly Difference[],
  expected: Catalog,
  actual: Catalog,
): RenderedDifferences {
  // What needs what is found out for both catalogs, which is not worth it for nothing.
  if (differences.length === 0) return { statements: [], unrendered: [] }
  if (expected.dialect === 'sqlite') return renderSqliteDifferences(differences, expected)
  const folded = withWhatFollows(differences, foldDifferences(expected, actual))
  const graphs = { expected: graphOf(expected), actual: graphOf(actual) }
  const plan = planChanges(folded, graphs.expected, graphs.actual)
  const byKey = new Map(folded.map((difference) => [difference.object.key, difference]))
  const building = { making: makingOf(expected, actual), plan, differences: byKey, ...graphs }
  const { operations, unrendered } = operationsOf(building)
  const ordered = inOrder(operations)
  const statements = ordered.flatMap(({ items }) => items)
  const misplaced = misplacedColumns(
    building,
    ordered.map(({ id }) => id),
  )
  const reasons = [
    ...[...plan.refused].map(([key, reason]) => ({ key, reason })),
    ...[...unrendered, ...misplaced].map(({ object, reason }) => ({ key: object.key, reason })),
  ]
  return {
    statements: withoutBodyChecks(statements, graphs.expected.objects),
    unrendered: reasons.flatMap(({ key, reason }) => {
      const difference = byKey.get(key)
      return difference === undefined ? [] : [{ difference: told(firstCause(difference, byKey)), reason }]
    }),
  }
}

// There only what is missing as a whole can be created.
function renderSqliteDifferences(differences: readonly Difference[], expected: Catalog): RenderedDifferences {
  const created = new Set(['table', 'index', 'view', 'trigger'])
  const isMissing = ({ kind, object }: Difference) => kind === 'missing' && created.has(object.kind)
  const keys = new Set(differences.filter(isMissing).map(({ object }) => object.key))
  const reason = 'On SQLite only tables, indexes, views and triggers that are missing are created.'
  return {
    statements: renderSqlite(expected, ({ key, partOf }) => keys.has(key) || keys.has(partOf ?? '')),
    unrendered: differences.filter((each) => !isMissing(each)).map((difference) => ({ difference, reason })),
  }
}

// These and all that follow from them.
function withWhatFollows(
  differences: readonly Difference[],
  all: readonly FoldedDifference[],
): readonly FoldedDifference[] {
  const wanted = new Set(differences.map(({ object }) => object.key))
  const byKey = new Map(all.map((difference) => [difference.object.key, difference]))
  return all.filter((difference) => wanted.has(firstCause(difference, byKey).object.key))
}

function told({ kind, object, expected, actual, changes }: Difference): Difference {
  return { kind, object, expected, actual, changes }
}

// The difference that is told, from which another one follows.
function firstCause(difference: FoldedDifference, all: ReadonlyMap<string, FoldedDifference>): Difference {
  const cause = all.get(difference.cause?.object.key ?? '')
  return cause === undefined ? difference : firstCause(cause, all)
}

// A body may name what comes later, or be found only by a search path that is not ours.
function withoutBodyChecks(
  statements: readonly RenderedStatement[],
  all: ReadonlyMap<string, CatalogObject>,
): readonly RenderedStatement[] {
  const first = statements.find(({ object }) => all.get(object)?.kind === 'routine')
  if (first === undefined) return statements
  const setting = { object: first.object, action: 'set', losesData: false, repair: true }
  return [
    { ...setting, label: 'leave bodies of routines unchecked', sql: raw('set check_function_bodies = off') },
    ...statements,
    { ...setting, label: 'check bodies of routines again', sql: raw('reset check_function_bodies') },
  ]
}

import {
  objectKey,
  objects,
  renderDifferences,
  type Catalog,
  type CatalogObject,
  type Difference,
  type RenderedStatement,
} from '../catalog/catalog.ts'
import { onlineRepairs, type RepairStatement } from './online.ts'

/** What can be put back. */
export interface Repairs {
  /** SQL in the order in which it has to run. */
  readonly statements: readonly RepairStatement[]
  /** The statements that put an object back with all that goes with it, by its key. */
  of(key: string): readonly RepairStatement[]
  /** The column that has to be put back first, by hand, for the object with a key; undefined when there is none. */
  waitsFor(key: string): string | undefined
}

/**
 * SQL for what is missing and what was switched off; anything else is for a person or a migration to decide. What needs a
 * column that nothing puts back is left out. `inUse` says that others work on the database meanwhile. Pure.
 */
export function repairsOf(
  differences: readonly Difference[],
  expected: Catalog,
  actual: Catalog,
  inUse: boolean,
): Repairs {
  const { statements } = renderDifferences(
    differences.filter(({ kind }) => kind !== 'unexpected'),
    expected,
    actual,
  )
  const isHarmless = ({ repair, losesData }: RenderedStatement) => repair && !losesData
  const toDecide = new Set(statements.flatMap((each) => (isHarmless(each) ? [] : [each.object])))
  // Of a column that needs more than that, such as another type, the rest mends nothing.
  const possible = statements.filter(
    (each) => isHarmless(each) && !(each.object.startsWith('column ') && toDecide.has(each.object)),
  )
  const made = new Set(possible.map(({ object }) => object))
  const gone = new Set(
    differences
      .filter(({ kind, object }) => kind === 'missing' && object.kind === 'column' && !made.has(object.key))
      .map(({ object }) => object.key),
  )
  const values = new Map([...objects(expected)].map((object) => [object.key, object]))
  const waitsFor = (key: string) => columnsOf(values.get(key)).find((column) => gone.has(column))
  const chosen = possible.filter(({ object }) => waitsFor(object) === undefined)
  const run = inUse ? onlineRepairs(chosen, expected, actual) : chosen.map(atOnce)
  const told = new Set(differences.map(({ object }) => object.key))
  return {
    statements: run,
    of: (key) => run.filter(({ object }) => (told.has(object) ? object : wholeOf(values.get(object), told)) === key),
    waitsFor,
  }
}

function atOnce(statement: RenderedStatement): RepairStatement {
  return { ...statement, runs: [{ sql: statement.sql, concurrently: null }], undo: null }
}

// What is not told itself goes with its table, or with the column that it numbers.
function wholeOf(object: CatalogObject | undefined, told: ReadonlySet<string>): string | null {
  if (object?.kind === 'sequence' && object.value.ownedBy !== null) {
    const { table, column } = object.value.ownedBy
    const whole = objectKey('table', [table.schema, table.name])
    return told.has(whole) ? whole : objectKey('column', [table.schema, table.name, column])
  }
  return object?.partOf ?? null
}

function columnsOf(object: CatalogObject | undefined): string[] {
  if (object === undefined) return []
  const key = (column: string) => objectKey('column', [...object.path.slice(0, 2), column])
  if (object.kind === 'index') {
    const { keys, include } = object.value
    return [...keys.flatMap((each) => (each.kind === 'column' ? [each.column] : [])), ...include].map(key)
  }
  if (object.kind !== 'constraint' || !('columns' in object.value)) return []
  const own = object.value.columns.map(key)
  if (object.value.kind !== 'foreign_key') return own
  const { schema, name, columns } = object.value.references
  return [...own, ...columns.map((column) => objectKey('column', [schema, name, column]))]
}

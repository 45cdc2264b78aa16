import type { MetastoreError } from '../../errors.ts'
import { problemAt } from '../problems.ts'
import { placeOfAlteration } from './carry-input.ts'
import type { Draft, DraftTable } from './draft.ts'

/**
 * What cannot be done to tables that others inherit from. Triggers of a table do not fire for rows of its heirs (PostgreSQL manual,
 * 5.11), so what is written to those would not be kept in step; and the version's view of an heir holds the column that goes.
 */
export function inheritanceProblems(draft: Draft): MetastoreError[] {
  return draft.tables.flatMap((table) => {
    const heirs = heirsOf(draft, table)
    if (heirs.length === 0 || !changesRows(draft, table)) return []
    const [which, they] = heirs.length === 1 ? [heirs[0], 'its'] : [heirs.join(', '), 'their']
    return [
      problemAt(placeOfAlteration(draft, table), 0, {
        code: 'schema_conflict',
        message: `Table ${table.name} is inherited by ${which}, and both versions cannot be kept in step in ${they} rows.`,
        remedy: `Change it in a migration of SQL while nobody writes, or end the inheritance in a migration before this one (alter table … no inherit …).`,
      }),
    ]
  })
}

function heirsOf(draft: Draft, { original }: DraftTable): string[] {
  if (original === null) return []
  const gone = new Set(draft.removed.map(({ physical }) => physical))
  return draft.catalog.tables
    .filter(({ partitionOf }) => partitionOf === null)
    .filter(({ inherits }) => inherits.some(({ schema, name }) => schema === original.schema && name === original.name))
    .filter(({ schema, name }) => schema !== draft.base || !gone.has(name))
    .map(({ schema, name }) => (schema === draft.base ? name : `${schema}.${name}`))
}

function changesRows({ rules }: Draft, { physical, columns, removedColumns }: DraftTable): boolean {
  return (
    removedColumns.length > 0 ||
    rules.some(({ table }) => table === physical) ||
    columns.some(({ original, physical: now }) => original !== null && original.name !== now)
  )
}

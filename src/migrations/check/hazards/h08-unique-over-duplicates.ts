import { rounded } from '../cost.ts'
import type { Hazard } from '../hazard.ts'
import { quoted, quotedList } from '../key-by-index.ts'
import type { Scene } from '../scene.ts'
import { addedConstraints, keyColumns, refOf, shown, type ObjectRef } from '../tree.ts'
import type { SeenStatement } from '../seen-statement.ts'

/** A unique key over data that may have duplicates. */
export const uniqueOverDuplicates: Hazard = {
  id: 'H08',
  code: 'unique_over_duplicates',
  title: 'a unique key on data that may hold duplicates',
  severity: 'P2',
  why: 'One pair of equal rows makes it fail, after the work of building it; a concurrent build leaves an invalid index behind.',
  remedy: 'Look for duplicates before, and remove them in a migration of their own.',
  silence:
    'On a table that is new, on a column that is new there, where a key on fewer of the columns exists, and where statistics show that all values differ.',
  needs: ['S', 'L'],
  detect(statement, scene) {
    return keysIn(statement).flatMap(({ table, columns, where }) => {
      if (columns.length === 0 || scene.isNew(table) || isUniqueAlready(scene, table, columns)) return []
      const [only = ''] = columns
      const single = columns.length === 1 && !where
      if (single && scene.isNewColumn(table, only)) return []
      const sample = single ? scene.sample(table, only) : undefined
      if (sample?.distinct === -1) return []
      const size = scene.size(table)
      const values = sample && (sample.distinct < 0 ? -sample.distinct * (size?.rows ?? 0) : sample.distinct)
      const filled = sample && (size?.rows ?? 0) * (1 - sample.nulls)
      const fails = values !== undefined && filled !== undefined && values < filled * 0.9 && filled > 1
      const list = quotedList(columns)
      const query = `select ${list}, count(*) from ${quoted(table)} group by ${list} having count(*) > 1`
      return [
        {
          object: `${shown(table)} (${columns.join(', ')})`,
          severity: fails ? ('P0' as const) : undefined,
          message: fails
            ? `It will fail: ${only} has about ${rounded(values)} values in ${rounded(filled)} rows of ${shown(table)}.`
            : `It fails if two rows of ${shown(table)} are equal in ${columns.join(', ')}.`,
          remedy: `Find the duplicates before with: ${query}; and remove them in a migration of their own.`,
        },
      ]
    })
  },
}

function keysIn({ node }: SeenStatement): { table: ObjectRef; columns: string[]; where: boolean }[] {
  if ('IndexStmt' in node && node.IndexStmt.unique) {
    const { relation, indexParams = [], whereClause } = node.IndexStmt
    const names = indexParams.map((item) => ('IndexElem' in item ? item.IndexElem.name : undefined))
    const columns = names.some((name) => name === undefined) ? [] : names.flatMap((name) => name ?? [])
    return [{ table: refOf(relation), columns, where: whereClause !== undefined }]
  }
  return addedConstraints(node, 'CONSTR_UNIQUE', 'CONSTR_PRIMARY')
    .filter(({ constraint }) => constraint.indexname === undefined)
    .map((added) => ({ table: added.table, columns: keyColumns(added), where: false }))
}

function isUniqueAlready(scene: Scene, ref: ObjectRef, columns: readonly string[]): boolean {
  return (scene.table(ref)?.indexes ?? []).some(
    ({ unique, valid, predicate, keys }) =>
      unique &&
      valid &&
      predicate === null &&
      keys.every((key) => key.kind === 'column' && columns.includes(key.column)),
  )
}

import { actionFile, tableForAction } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { keyByIndex } from '../key-by-index.ts'
import { addedConstraints, keyColumns, listed, shown } from '../tree.ts'

/** A unique constraint that builds its index while nobody can read. */
export const uniqueDirect: Hazard = {
  id: 'H07',
  code: 'unique_constraint_direct',
  title: 'a UNIQUE constraint added directly',
  severity: 'P1',
  why: 'The index behind it is built under an ACCESS EXCLUSIVE lock: nobody reads or writes the table meanwhile.',
  remedy:
    'Build a unique index CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX, which takes a moment; or use the action add_index with unique = true.',
  silence: 'On a table that is new, and with USING INDEX.',
  needs: ['S', 'C', 'L'],
  detect: (statement, scene) =>
    addedConstraints(statement.node, 'CONSTR_UNIQUE')
      .filter(({ constraint, table }) => constraint.indexname === undefined && !scene.isNew(table))
      .map((added) => {
        const { table, constraint, column } = added
        const columns = keyColumns(added)
        const name = constraint.conname ?? `${table.name}_${columns.join('_')}_key`
        const actionTable = tableForAction(scene, table)
        const isPlain = column === undefined && constraint.including === undefined && !constraint.deferrable
        return {
          object: `${shown(table)} (${columns.join(', ')})`,
          offset: statement.at(constraint.location),
          message: `${shown(table)} is locked for reads and writes until the index on ${listed(columns)} is built.`,
          load: { table, work: 'index' },
          asAction:
            isPlain && added.alone && actionTable !== undefined && !constraint.nulls_not_distinct
              ? actionFile({ type: 'add_index', table: actionTable, index: { name, columns, unique: true } })
              : undefined,
          fix: keyByIndex(statement, scene, added, { name, columns, kind: 'unique' }),
        }
      }),
}

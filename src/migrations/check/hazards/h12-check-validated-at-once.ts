import { actionFile, tableForAction } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { validatedLater } from '../validated-later.ts'
import { inParentheses } from '../text-parts.ts'
import { addedConstraints, namedColumns, shown } from '../tree.ts'

/** A check that looks at every row while nobody can use the table. */
export const checkValidatedAtOnce: Hazard = {
  id: 'H12',
  code: 'check_validated_at_once',
  title: 'a CHECK added without NOT VALID',
  severity: 'P1',
  why: 'Every row is read under an ACCESS EXCLUSIVE lock: nobody reads or writes the table meanwhile.',
  remedy:
    'Add it NOT VALID, and VALIDATE CONSTRAINT in a transaction of its own, which lets others read and write; or use the action add_check.',
  silence: 'On a table that is new, and with NOT VALID or NOT ENFORCED.',
  needs: ['S', 'C', 'L'],
  detect: (statement, scene) =>
    addedConstraints(statement.node, 'CONSTR_CHECK')
      .filter(({ table, constraint }) => !constraint.skip_validation && constraint.is_enforced && !scene.isNew(table))
      .map((added) => {
        const { table, constraint, column, alone } = added
        const columns = [...new Set(namedColumns(constraint.raw_expr))]
        const suffix = columns.length === 1 ? `${columns[0]}_check` : 'check'
        const name = constraint.conname ?? `${table.name}_${suffix}`
        const actionTable = tableForAction(scene, table)
        const expression = inParentheses(statement.text, statement.within(constraint.location))?.inside
        const isAlone = alone && column === undefined
        return {
          object: name,
          offset: statement.at(constraint.location),
          message: `All of ${shown(table)} is read while nobody can use it.`,
          load: { table, work: 'scan' },
          asAction:
            isAlone && actionTable !== undefined && expression !== undefined
              ? actionFile({ type: 'add_check', table: actionTable, check: { name, expression } })
              : undefined,
          fix: validatedLater(statement, scene, added, name),
        }
      }),
}

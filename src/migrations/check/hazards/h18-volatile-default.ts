import { actionFile, defaultText, tableForAction, typeText } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import type { Scene } from '../scene.ts'
import type { SeenStatement } from '../seen-statement.ts'
import { addedColumns, calledFunctions, shown, type AddedColumn } from '../tree.ts'
import { isSerial } from '../type-names.ts'
import { isVolatile } from '../volatile-functions.ts'

/** A default that has to be computed for each row. */
export const volatileDefault: Hazard = {
  id: 'H18',
  code: 'volatile_default',
  title: 'a column added with a volatile default',
  severity: 'P1',
  why: 'A default that differs from row to row is written into every row at once: the table and its indexes are built anew under an ACCESS EXCLUSIVE lock.',
  remedy:
    'Add the column without it, SET DEFAULT for new rows, and fill the others in batches, as the action add_column does.',
  silence:
    'On a table that is new, and for constants, now() and other functions that are not volatile. Functions of your own are only judged with a catalog.',
  needs: ['S', 'C', 'L'],
  detect: (statement, scene) =>
    addedColumns(statement.node).flatMap((added) => {
      const { table, column, name, constraints } = added
      if (scene.isNew(table)) return []
      const value = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')
      const culprit = isSerial(column.typeName)
        ? 'its sequence'
        : calledFunctions(value?.raw_expr).find((called) => isVolatile(called, scene))
      if (culprit === undefined) return []
      return [
        {
          object: `${shown(table)}.${name}`,
          offset: statement.at(column.location),
          message: `Every row of ${shown(table)} is written anew with a value of ${culprit}${culprit === 'its sequence' ? '' : '()'}, while nobody can use it.`,
          load: { table, work: 'evaluate' },
          asAction: value && asAction(statement, added, defaultText(statement, value), scene),
        },
      ]
    }),
}

function asAction(
  statement: SeenStatement,
  { table, column, name, constraints, alone }: AddedColumn,
  value: string,
  scene: Scene,
) {
  const actionTable = tableForAction(scene, table)
  const kinds = constraints.map(({ contype }) => contype)
  const isPlain = kinds.every((kind) => ['CONSTR_DEFAULT', 'CONSTR_NOTNULL', 'CONSTR_NULL'].includes(kind ?? ''))
  if (!alone || !isPlain || column.collClause || actionTable === undefined) return undefined
  return actionFile({
    type: 'add_column',
    table: actionTable,
    up: value,
    column: {
      name,
      type: typeText(statement, column.typeName),
      nullable: kinds.includes('CONSTR_NOTNULL') ? false : undefined,
      default: value,
    },
  })
}

import { actionFile, tableForAction, typeText } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { addedColumns, shown } from '../tree.ts'

/** An identity column, which numbers every row at once. */
export const identityAdded: Hazard = {
  id: 'H20',
  code: 'identity_column_added',
  title: 'an identity column added to a table with rows',
  severity: 'P1',
  why: 'Every row gets its number at once: the table and its indexes are built anew under an ACCESS EXCLUSIVE lock.',
  remedy: 'Add the column with the action add_column, which numbers the rows in batches.',
  silence: 'On a table that is new.',
  needs: ['S', 'L'],
  detect: (statement, scene) =>
    addedColumns(statement.node).flatMap(({ table, column, name, constraints, alone }) => {
      const identity = constraints.find(({ contype }) => contype === 'CONSTR_IDENTITY')
      if (identity === undefined || scene.isNew(table)) return []
      const actionTable = tableForAction(scene, table)
      const generated = identity.generated_when === 'd' ? 'BY DEFAULT AS IDENTITY' : 'ALWAYS AS IDENTITY'
      const isPlain = alone && constraints.length === 1 && identity.options === undefined
      return [
        {
          object: `${shown(table)}.${name}`,
          offset: statement.at(column.location),
          message: `Every row of ${shown(table)} is written anew to number it, while nobody can use it.`,
          load: { table, work: 'evaluate' },
          asAction:
            isPlain && actionTable !== undefined
              ? actionFile({
                  type: 'add_column',
                  table: actionTable,
                  column: { name, type: typeText(statement, column.typeName), generated },
                })
              : undefined,
        },
      ]
    }),
}

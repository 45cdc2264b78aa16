import { actionFile, tableForAction, typeText } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { inParentheses } from '../text-parts.ts'
import { addedColumns, shown } from '../tree.ts'

/** A stored generated column, which is computed for every row at once. */
export const storedGenerated: Hazard = {
  id: 'H19',
  code: 'stored_generated_column',
  title: 'a stored generated column added',
  severity: 'P1',
  why: 'It is computed for every row at once: the table and its indexes are built anew under an ACCESS EXCLUSIVE lock.',
  remedy:
    'Add a plain column that a trigger keeps, filled in batches, as the action add_column does with `up`; on PostgreSQL 18 a VIRTUAL column writes nothing.',
  silence: 'On a table that is new, and for VIRTUAL columns.',
  needs: ['S', 'L'],
  detect: (statement, scene) =>
    addedColumns(statement.node).flatMap(({ table, column, name, constraints, alone }) => {
      const generated = constraints.find(({ contype }) => contype === 'CONSTR_GENERATED')
      if (generated === undefined || generated.generated_kind === 'v' || scene.isNew(table)) return []
      const actionTable = tableForAction(scene, table)
      const expression = inParentheses(statement.text, statement.within(generated.location))?.inside
      const isPlain = alone && constraints.length === 1 && column.collClause === undefined
      return [
        {
          object: `${shown(table)}.${name}`,
          offset: statement.at(column.location),
          message: `Every row of ${shown(table)} is written anew to compute ${name}, while nobody can use it.`,
          load: { table, work: 'rewrite' },
          asAction:
            isPlain && actionTable !== undefined && expression !== undefined
              ? actionFile({
                  type: 'add_column',
                  table: actionTable,
                  up: expression,
                  column: {
                    name,
                    type: typeText(statement, column.typeName),
                    generated: `ALWAYS AS (${expression}) STORED`,
                  },
                })
              : undefined,
        },
      ]
    }),
}

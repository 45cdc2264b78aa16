import { rounded } from '../cost.ts'
import type { Hazard } from '../hazard.ts'
import type { Scene } from '../scene.ts'
import type { SeenStatement } from '../seen-statement.ts'
import { alterations, refOf, shown, type ObjectRef } from '../tree.ts'

/** SET NOT NULL where there may be nulls. */
export const notNullOverNulls: Hazard = {
  id: 'H16',
  code: 'not_null_over_nulls',
  title: 'SET NOT NULL where nulls may exist',
  severity: 'P2',
  why: 'One null makes it fail, and with it the migration.',
  remedy:
    'Fill the nulls first, in batches; the action alter_column does it with `up` while both versions of the application run.',
  silence:
    'On a table that is new, on a column that takes no NULL already, where the same file fills the column before, and where statistics or a validated check show no nulls.',
  needs: ['S', 'L'],
  detect: (statement, scene) =>
    alterations(statement.node, 'AT_SetNotNull').flatMap(({ table, command: { name = '' } }) => {
      if (scene.isNew(table) || scene.isNullable(table, name) === false || scene.isProvenNotNull(table, name)) return []
      if (isFilledBefore(statement, scene, table, name)) return []
      const sample = scene.sample(table, name)
      if (sample?.nulls === 0) return []
      const rows = sample && (scene.size(table)?.rows ?? 0) * sample.nulls
      return [
        {
          object: `${shown(table)}.${name}`,
          severity: rows === undefined ? undefined : ('P0' as const),
          message:
            rows === undefined
              ? `It fails if a row of ${shown(table)} has no ${name}.`
              : `It will fail: about ${rounded(Math.max(rows, 1))} rows of ${shown(table)} have no ${name}.`,
        },
      ]
    }),
}

function isFilledBefore(statement: SeenStatement, scene: Scene, table: ObjectRef, column: string): boolean {
  return scene.statements.slice(0, scene.statements.indexOf(statement)).some(({ node }) => {
    if (!('UpdateStmt' in node) || refOf(node.UpdateStmt.relation).name !== table.name) return false
    return (node.UpdateStmt.targetList ?? []).some((item) => 'ResTarget' in item && item.ResTarget.name === column)
  })
}

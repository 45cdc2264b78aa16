import { actionFile, tableForAction } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { alterations, shown } from '../tree.ts'

/** A column that is dropped. */
export const columnDropped: Hazard = {
  id: 'H33',
  code: 'column_dropped',
  title: 'a column dropped',
  severity: 'P1',
  why: 'Its values are gone, and whatever still names it fails from that moment, prepared statements and SELECT * included.',
  remedy:
    'Remove it with the action remove_column, which hides it from the new version, gives the old one its value by `down`, and drops it when the old one is gone.',
  silence: 'For a column or a table that is new in the same file or among the pending ones.',
  needs: ['S', 'C', 'L'],
  detect: ({ node }, scene) =>
    alterations(node, 'AT_DropColumn').flatMap(({ table, command: { name = '' }, alone }) => {
      if (scene.isNew(table) || scene.isNewColumn(table, name)) return []
      const actionTable = tableForAction(scene, table)
      const size = scene.size(table)
      return [
        {
          object: `${shown(table)}.${name}`,
          severity: size?.rows === 0 ? 'P2' : undefined,
          message: `${name} of ${shown(table)} is dropped with its values, under whoever still uses it.`,
          asAction:
            alone && actionTable !== undefined
              ? actionFile({ type: 'remove_column', table: actionTable, column: name })
              : undefined,
        },
      ]
    }),
}

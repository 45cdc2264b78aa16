import type { Hazard } from '../hazard.ts'
import { alterations, displayCollation, shown, stringsOf } from '../tree.ts'

/** A change of collation. */
export const collationChanged: Hazard = {
  id: 'H23',
  code: 'collation_changed',
  title: 'a collation changed',
  severity: 'P1',
  why: 'Every index on the column sorts by it, so all of them are built anew under an ACCESS EXCLUSIVE lock.',
  remedy:
    'Use the action add_column for a second column with the collation, or build new indexes CONCURRENTLY with COLLATE in them and leave the column as it is.',
  silence: 'On a table that is new, and where the catalog shows that the column has the collation already.',
  needs: ['S', 'C', 'L'],
  detect: (statement, scene) =>
    alterations(statement.node, 'AT_AlterColumnType').flatMap(({ table, command: { name = '', def } }) => {
      const column = def && 'ColumnDef' in def ? def.ColumnDef : undefined
      if (column?.collClause === undefined || scene.isNew(table)) return []
      const collation = stringsOf(column.collClause.collname)
      const now = scene.table(table)?.columns.find((one) => one.name === name)?.collation
      if (now === displayCollation(collation) || now === displayCollation(collation.slice(-1))) return []
      return [
        {
          object: `${shown(table)}.${name}`,
          offset: statement.at(column.collClause.location),
          message: `Every index on ${name} of ${shown(table)} is built anew while nobody can use the table.`,
          load: { table, work: 'index' },
        },
      ]
    }),
}

import type { Node } from '../../sql/parser.ts'
import { actionFile, tableForAction } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { refOf, shown } from '../tree.ts'

/** A table or a column that gets another name under running clients. */
export const renamed: Hazard = {
  id: 'H36',
  code: 'renamed_in_use',
  title: 'a table or column renamed under running clients',
  severity: 'P1',
  why: 'Whatever runs now and uses the old name fails from that moment, and whatever uses the new one fails until then.',
  remedy:
    'Use the action rename_table, or alter_column with a new name: each version of the application sees its own name.',
  silence: 'For what is new, and where a view of the old name is made in the same transaction.',
  needs: ['S'],
  detect(statement, scene) {
    const { node } = statement
    const moved = 'AlterObjectSchemaStmt' in node && node.AlterObjectSchemaStmt.objectType === 'OBJECT_TABLE'
    if (moved && !scene.isNew(refOf(node.AlterObjectSchemaStmt.relation))) {
      const table = shown(refOf(node.AlterObjectSchemaStmt.relation))
      const schema = node.AlterObjectSchemaStmt.newschema ?? ''
      return [{ object: table, message: `${table} moves to the schema ${schema} under whoever uses it.` }]
    }
    if (!('RenameStmt' in node)) return []
    const { renameType, relationType, relation, subname = '', newname = '' } = node.RenameStmt
    const table = refOf(relation)
    const isView = renameType === 'OBJECT_VIEW' || relationType === 'OBJECT_VIEW'
    if (isView ? scene.isNewObject(table) : scene.isNew(table)) return []
    const actionTable = tableForAction(scene, table)
    if (renameType === 'OBJECT_TABLE' || renameType === 'OBJECT_VIEW') {
      const after = scene.statements.slice(scene.statements.indexOf(statement) + 1)
      if (after.some((other) => other.transaction === statement.transaction && makesView(other.node, table.name)))
        return []
      return [
        {
          object: shown(table),
          message: `${shown(table)} becomes ${newname} under whoever uses it.`,
          asAction:
            renameType === 'OBJECT_TABLE' && actionTable !== undefined
              ? actionFile({ type: 'rename_table', table: actionTable, new_name: newname })
              : undefined,
        },
      ]
    }
    if (renameType !== 'OBJECT_COLUMN' || (!isView && scene.isNewColumn(table, subname))) return []
    return [
      {
        object: `${shown(table)}.${subname}`,
        message: `${subname} of ${shown(table)} becomes ${newname} under whoever uses it.`,
        asAction:
          relationType === 'OBJECT_TABLE' && actionTable !== undefined
            ? actionFile({ type: 'alter_column', table: actionTable, column: subname, changes: { name: newname } })
            : undefined,
      },
    ]
  },
}

function makesView(node: Node, name: string): boolean {
  return 'ViewStmt' in node && refOf(node.ViewStmt.view).name === name
}

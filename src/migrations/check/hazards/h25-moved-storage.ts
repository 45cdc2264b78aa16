import type { Hazard, Report } from '../hazard.ts'
import type { Load } from '../cost.ts'
import { alterations, refOf, shown } from '../tree.ts'

/** SET TABLESPACE and SET ACCESS METHOD. */
export const movedStorage: Hazard = {
  id: 'H25',
  code: 'storage_moved',
  title: 'SET ACCESS METHOD or SET TABLESPACE',
  severity: 'P1',
  why: 'All of it is copied under an ACCESS EXCLUSIVE lock: nobody reads or writes meanwhile.',
  remedy:
    'Copy the rows in batches into a new table, and swap the names; move an index by REINDEX (TABLESPACE …) CONCURRENTLY.',
  silence: 'On a table or an index that is new.',
  needs: ['S', 'L'],
  detect({ node }, scene) {
    if ('AlterTableMoveAllStmt' in node) {
      const { orig_tablespacename: from = '' } = node.AlterTableMoveAllStmt
      return [{ object: from, message: `Everything in the tablespace ${from} is copied while nobody can use it.` }]
    }
    const tables = alterations(node, 'AT_SetTableSpace', 'AT_SetAccessMethod')
      .filter(({ table }) => !scene.isNew(table))
      .map(({ table }) => report(shown(table), { table, work: 'scan' }))
    return [
      ...tables,
      ...movedIndex(node)
        .filter((index) => !scene.isNewIndex(index))
        .map((index) => report(shown(index))),
    ]
  },
}

function report(object: string, load?: Load): Report {
  return { object, message: `All of ${object} is copied while nobody can use it.`, load }
}

function movedIndex(node: Parameters<typeof alterations>[0]) {
  if (!('AlterTableStmt' in node) || node.AlterTableStmt.objtype !== 'OBJECT_INDEX') return []
  const moves = (node.AlterTableStmt.cmds ?? []).some(
    (item) => 'AlterTableCmd' in item && item.AlterTableCmd.subtype === 'AT_SetTableSpace',
  )
  return moves ? [refOf(node.AlterTableStmt.relation)] : []
}

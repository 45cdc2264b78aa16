import type { Hazard } from '../hazard.ts'
import type { SeenStatement } from '../seen-statement.ts'
import { addedConstraints, alterations, refOf, shown } from '../tree.ts'

/**
 * A trigger whose lock is kept while other work goes on. The lock itself is no hazard here: the engine waits for it at most
 * `lock_timeout`, and tries again; but it cannot give it back before the transaction ends.
 */
export const triggerInLongTransaction: Hazard = {
  id: 'H29',
  code: 'trigger_in_long_transaction',
  title: 'a trigger created, then work in the same transaction',
  severity: 'P1',
  why: 'CREATE TRIGGER takes a SHARE ROW EXCLUSIVE lock and keeps it until the transaction ends, so writes wait for all that follows.',
  remedy: 'Create the trigger last, or in a migration of its own.',
  silence: 'On a table that is new, and where nothing that takes long follows in its transaction.',
  needs: ['S', 'C', 'L'],
  detect(statement, scene) {
    const { node, transaction } = statement
    if (!('CreateTrigStmt' in node) || transaction === null) return []
    const table = refOf(node.CreateTrigStmt.relation)
    if (scene.isNew(table)) return []
    const after = scene.statements.slice(scene.statements.indexOf(statement) + 1)
    const long = after.find((other) => other.transaction === transaction && takesLong(other, (ref) => scene.isNew(ref)))
    if (long === undefined) return []
    const line = long.text.split('\n', 1)[0] ?? ''
    return [
      {
        object: node.CreateTrigStmt.trigname ?? '',
        message: `Writes to ${shown(table)} wait from here to the end of the transaction, in which this takes long: ${line.length > 60 ? `${line.slice(0, 59)}…` : line}.`,
      },
    ]
  },
}

function takesLong({ node }: SeenStatement, isNew: (table: ReturnType<typeof refOf>) => boolean): boolean {
  if ('IndexStmt' in node) return !isNew(refOf(node.IndexStmt.relation))
  if ('UpdateStmt' in node) return !isNew(refOf(node.UpdateStmt.relation))
  if ('DeleteStmt' in node) return !isNew(refOf(node.DeleteStmt.relation))
  if ('InsertStmt' in node) {
    const source = node.InsertStmt.selectStmt
    return source !== undefined && 'SelectStmt' in source && source.SelectStmt.fromClause !== undefined
  }
  if (alterations(node, 'AT_ValidateConstraint', 'AT_SetNotNull').some(({ table }) => !isNew(table))) return true
  return addedConstraints(node, 'CONSTR_CHECK', 'CONSTR_FOREIGN', 'CONSTR_UNIQUE', 'CONSTR_PRIMARY').some(
    ({ table, constraint }) => !constraint.skip_validation && constraint.indexname === undefined && !isNew(table),
  )
}

import type { Hazard } from '../hazard.ts'

/**
 * Transaction control that cannot work. The reader refuses it in a file that runs in one transaction; so this is for bodies,
 * scripts of actions, and transactions of a file's own that never end.
 */
export const ownTransaction: Hazard = {
  id: 'H41',
  code: 'transaction_control',
  title: 'BEGIN or COMMIT where it cannot work, or a transaction left open',
  severity: 'P0',
  why: 'COMMIT inside a body fails when a transaction is around it; a transaction that is never committed is rolled back, or holds its locks.',
  remedy:
    'Leave transactions to metastore; or, in a file with the line "-- metastore: no-transaction", close each BEGIN with a COMMIT.',
  silence: 'In files that run in one transaction, whose reader refuses it or takes it away.',
  needs: ['S'],
  detect(statement, { script, statements }) {
    const { node, origin } = statement
    if (!('TransactionStmt' in node)) return []
    const kind = node.TransactionStmt.kind ?? ''
    const ends = ['TRANS_STMT_COMMIT', 'TRANS_STMT_ROLLBACK'].includes(kind)
    if (origin === 'body') {
      const around = script.transaction
      return around && ends ? [{ message: 'This body is run in a transaction, where it can end none.' }] : []
    }
    if (script.transaction) {
      if (script.editable) return []
      return [{ message: 'This script is run in a transaction of its phase, where it can begin or end none.' }]
    }
    if (!['TRANS_STMT_BEGIN', 'TRANS_STMT_START'].includes(kind)) return []
    const own = statements.filter(
      (other) =>
        other.transaction === statement.transaction && other.origin === 'script' && 'TransactionStmt' in other.node,
    )
    const isEnded = own.some(
      ({ node: other }) => 'TransactionStmt' in other && other.TransactionStmt.kind === 'TRANS_STMT_COMMIT',
    )
    return isEnded || own[0] !== statement ? [] : [{ message: 'The transaction that begins here is never committed.' }]
  },
}

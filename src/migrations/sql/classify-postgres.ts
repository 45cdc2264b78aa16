import type { Classification, StatementKind } from './classification.ts'
import { concurrentIndex, isOn } from './concurrent-statement.ts'
import type { Node } from './parser.ts'

/** How a statement of PostgreSQL gets along with transactions. */
export function classifyPostgres(node: Node): Classification {
  const index = concurrentIndex(node)
  if (index !== undefined) return { kind: 'outside', index }
  const control = transactionControl(node)
  if (control !== undefined) return { kind: control }
  if (isRefusedInTransaction(node)) return { kind: 'outside' }
  if (changesSession(node)) return { kind: 'session' }
  if (makesTemporary(node)) return { kind: 'temporary' }
  if ('CopyStmt' in node && node.CopyStmt.is_from && !node.CopyStmt.filename) return { kind: 'copy_stdin' }
  return { kind: 'CallStmt' in node || 'DoStmt' in node ? 'uncertain' : 'transactional' }
}

function transactionControl(node: Node): StatementKind | undefined {
  if (!('TransactionStmt' in node)) return undefined
  switch (node.TransactionStmt.kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return 'begin'
    // PREPARE TRANSACTION ends the transaction for this session too.
    case 'TRANS_STMT_COMMIT':
    case 'TRANS_STMT_PREPARE':
      return 'commit'
    case 'TRANS_STMT_ROLLBACK':
      return 'rollback'
    case 'TRANS_STMT_COMMIT_PREPARED':
    case 'TRANS_STMT_ROLLBACK_PREPARED':
      return 'outside'
    default:
      return 'transactional'
  }
}

// Each is called so on its own page of the manual ("cannot be executed inside a transaction block"). What depends on the catalog, such as
// REINDEX or CLUSTER of a partitioned table, cannot be told from the text.
function isRefusedInTransaction(node: Node): boolean {
  if ('AlterTableStmt' in node) {
    return (node.AlterTableStmt.cmds ?? []).some((command) => {
      const definition = 'AlterTableCmd' in command ? command.AlterTableCmd.def : undefined
      return definition !== undefined && 'PartitionCmd' in definition && definition.PartitionCmd.concurrent === true
    })
  }
  if ('VacuumStmt' in node) return node.VacuumStmt.is_vacuumcmd === true
  if ('ClusterStmt' in node) return node.ClusterStmt.relation === undefined
  if ('DiscardStmt' in node) return node.DiscardStmt.target === 'DISCARD_ALL'
  if ('ReindexStmt' in node) {
    const { kind, params } = node.ReindexStmt
    return isOn(params, 'concurrently', false) || !['REINDEX_OBJECT_INDEX', 'REINDEX_OBJECT_TABLE'].includes(kind ?? '')
  }
  if ('AlterDatabaseStmt' in node) return hasOption(node.AlterDatabaseStmt.options, 'tablespace')
  return (
    'CreatedbStmt' in node ||
    'DropdbStmt' in node ||
    'CreateTableSpaceStmt' in node ||
    'DropTableSpaceStmt' in node ||
    'AlterSystemStmt' in node ||
    'DropSubscriptionStmt' in node ||
    isRefusedSubscription(node)
  )
}

// Whatever speaks to the publisher cannot be undone with the transaction.
function isRefusedSubscription(node: Node): boolean {
  if ('CreateSubscriptionStmt' in node) {
    const { options } = node.CreateSubscriptionStmt
    return isOn(options, 'connect', true) && isOn(options, 'create_slot', true)
  }
  if (!('AlterSubscriptionStmt' in node)) return false
  const { kind, options } = node.AlterSubscriptionStmt
  switch (kind) {
    case 'ALTER_SUBSCRIPTION_REFRESH':
      return true
    case 'ALTER_SUBSCRIPTION_SET_PUBLICATION':
    case 'ALTER_SUBSCRIPTION_ADD_PUBLICATION':
    case 'ALTER_SUBSCRIPTION_DROP_PUBLICATION':
      return isOn(options, 'refresh', true)
    case 'ALTER_SUBSCRIPTION_OPTIONS':
      return hasOption(options, 'failover') || hasOption(options, 'two_phase')
    default:
      return false
  }
}

function changesSession(node: Node): boolean {
  if ('VariableSetStmt' in node) return !node.VariableSetStmt.is_local && node.VariableSetStmt.name !== 'TRANSACTION'
  if ('SelectStmt' in node) return callsSessionFunction(node)
  return (
    'DiscardStmt' in node ||
    'ListenStmt' in node ||
    'UnlistenStmt' in node ||
    'PrepareStmt' in node ||
    'DeallocateStmt' in node ||
    'LoadStmt' in node
  )
}

function callsSessionFunction(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(callsSessionFunction)
  if ('FuncCall' in value && isSessionCall(value as Extract<Node, { FuncCall: unknown }>)) return true
  return Object.values(value).some(callsSessionFunction)
}

function isSessionCall({ FuncCall: { funcname, args } }: Extract<Node, { FuncCall: unknown }>): boolean {
  const last = funcname?.at(-1)
  const name = last && 'String' in last ? (last.String.sval ?? '') : ''
  if (/^pg_(?:try_)?advisory_(?:lock|unlock)(?:_shared|_all)?$/.test(name)) return true
  if (name !== 'set_config') return false
  // Only a literal true is known to be for the transaction alone.
  const local = args?.[2]
  return !(local && 'A_Const' in local && local.A_Const.boolval?.boolval === true)
}

function makesTemporary(node: Node): boolean {
  if ('CreateStmt' in node) return isTemporary(node.CreateStmt.relation)
  if ('CreateTableAsStmt' in node) return isTemporary(node.CreateTableAsStmt.into?.rel)
  if ('ViewStmt' in node) return isTemporary(node.ViewStmt.view)
  if ('CreateSeqStmt' in node) return isTemporary(node.CreateSeqStmt.sequence)
  return 'SelectStmt' in node && isTemporary(node.SelectStmt.intoClause?.rel)
}

function isTemporary(relation: { relpersistence?: string; schemaname?: string } | undefined): boolean {
  return relation?.relpersistence === 't' || relation?.schemaname === 'pg_temp'
}

function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return (options ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === name)
}

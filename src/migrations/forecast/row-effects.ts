import { refOf, walk, type NodeOf, type ObjectRef } from '../check/tree.ts'
import type { Node } from '../sql/parser.ts'
import type { Effect } from './effect.ts'

/** What statements that read and write rows do; undefined for every other one. */
export function writeEffects(node: Node): Effect[] | undefined {
  if ('UpdateStmt' in node) {
    return changing(refOf(node.UpdateStmt.relation), node.UpdateStmt.whereClause, node.UpdateStmt)
  }
  if ('DeleteStmt' in node) {
    return changing(refOf(node.DeleteStmt.relation), node.DeleteStmt.whereClause, node.DeleteStmt)
  }
  if ('MergeStmt' in node) return changing(refOf(node.MergeStmt.relation), node, node.MergeStmt)
  if ('InsertStmt' in node) {
    const { relation, selectStmt } = node.InsertStmt
    const table = refOf(relation)
    return [{ table, mode: 'row exclusive' }, ...reading(selectStmt, table)]
  }
  if ('CopyStmt' in node && node.CopyStmt.relation) {
    const { relation, is_from: writes } = node.CopyStmt
    return [
      { table: refOf(relation), mode: writes ? 'row exclusive' : 'access share', work: writes ? undefined : 'scan' },
    ]
  }
  if ('CreateTableAsStmt' in node) return reading(node.CreateTableAsStmt.query)
  if ('SelectStmt' in node) return selecting(node.SelectStmt)
  return undefined
}

/** The tables that a tree names, each once; names of its WITH queries are none. */
export function readTables(tree: unknown): ObjectRef[] {
  const nodes = [...walk(tree)]
  const queries = new Set(nodes.flatMap(([kind, node]) => (kind === 'CommonTableExpr' ? [node['ctename']] : [])))
  const found = new Map<string, ObjectRef>()
  for (const [kind, node] of nodes) {
    if (kind !== 'RangeVar') continue
    const ref = refOf(node)
    if (ref.schema === null && queries.has(ref.name)) continue
    found.set(JSON.stringify([ref.schema, ref.name]), ref)
  }
  return [...found.values()]
}

// Of all rows, or of those that a condition finds, which nobody can count beforehand.
function changing(table: ObjectRef, condition: Node | undefined, statement: object): Effect[] {
  const own: Effect = { table, mode: 'row exclusive', work: 'update', ...(condition && { atMost: true }) }
  return [own, ...reading(statement, table)]
}

function reading(tree: unknown, except?: ObjectRef): Effect[] {
  return readTables(tree)
    .filter(({ schema, name }) => schema !== except?.schema || name !== except.name)
    .map((table) => ({ table, mode: 'access share', work: 'scan', atMost: true }))
}

function selecting(statement: NodeOf<'SelectStmt'>): Effect[] {
  const locks = (statement.lockingClause ?? []).length > 0
  return readTables(statement).map((table) => ({
    table,
    mode: locks ? 'row share' : 'access share',
    work: 'scan',
    atMost: true,
  }))
}

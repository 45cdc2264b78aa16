import type { Action } from '../actions/action.ts'
import type { Node } from '../sql/parser.ts'
import { alterations, dropped, refOf, refOfNames, type ObjectRef } from './tree.ts'

/** Something of the schema that a migration makes or changes. */
export interface Touch {
  /** Null for the base schema. */
  readonly schema: string | null
  /** The table, view or routine. */
  readonly name: string
  /** A routine may be called as a table is. */
  readonly kind: 'relation' | 'routine'
  /** Null for the table itself. */
  readonly column: string | null
  /** Whether it was not there before. */
  readonly makes: boolean
}

/**
 * The columns and tables that a statement or an action makes or changes, and the views and routines that it puts in the place
 * of others.
 */
export function touchedBy(statement: Node | Action, base: string): Touch[] {
  return 'type' in statement ? byAction(statement) : byStatement(statement, base)
}

function byAction(action: Action): Touch[] {
  switch (action.type) {
    case 'create_table':
      return [relation(ofBase(action.name), null, true)]
    case 'remove_table':
    case 'rename_table':
      return [relation(ofBase(action.table), null, false)]
    case 'add_column':
      return [relation(ofBase(action.table), action.column.name, true)]
    case 'alter_column':
    case 'remove_column':
      return [relation(ofBase(action.table), action.column, false)]
    default:
      return []
  }
}

function byStatement(node: Node, base: string): Touch[] {
  const nameOf = ({ schema, name }: ObjectRef) => ({ schema: schema === base ? null : schema, name })
  if ('CreateStmt' in node) return [relation(nameOf(refOf(node.CreateStmt.relation)), null, true)]
  // Whoever replaces last decides, and says nothing of what it replaces.
  if ('ViewStmt' in node) return [relation(nameOf(refOf(node.ViewStmt.view)), null, node.ViewStmt.replace !== true)]
  if ('CreateFunctionStmt' in node) {
    const { funcname, replace } = node.CreateFunctionStmt
    return [{ ...nameOf(refOfNames(funcname)), kind: 'routine', column: null, makes: replace !== true }]
  }
  if ('RenameStmt' in node) {
    const { renameType, relation: renamed, subname = '' } = node.RenameStmt
    const table = nameOf(refOf(renamed))
    if (renameType === 'OBJECT_COLUMN') return [relation(table, subname, false)]
    return renameType === 'OBJECT_TABLE' ? [relation(table, null, false)] : []
  }
  const tables = dropped(node, 'OBJECT_TABLE').map((ref) => relation(nameOf(ref), null, false))
  const columns = alterations(node).flatMap(({ table, command: { subtype, name, def } }): Touch[] => {
    if (subtype === 'AT_AddColumn') {
      return def && 'ColumnDef' in def ? [relation(nameOf(table), def.ColumnDef.colname ?? '', true)] : []
    }
    const isOfColumn = name !== undefined && /Column|NotNull|Identity|Expression|Default/.test(subtype ?? '')
    return isOfColumn ? [relation(nameOf(table), name, false)] : []
  })
  return [...tables, ...columns]
}

function relation(ref: ObjectRef, column: string | null, makes: boolean): Touch {
  return { ...ref, kind: 'relation', column, makes }
}

function ofBase(name: string): ObjectRef {
  return { schema: null, name }
}

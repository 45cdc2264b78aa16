import type { Action } from '../actions/action.ts'
import type { Node } from '../sql/parser.ts'
import { alterations, dropped, refOf } from './tree.ts'

/** Something of a table that a migration makes or changes. */
export interface Touch {
  readonly table: string
  /** Null for the table itself. */
  readonly column: string | null
  /** Whether it was not there before. */
  readonly makes: boolean
}

/** The columns and tables that a statement or an action makes or changes. */
export function touchedBy(statement: Node | Action): Touch[] {
  return 'type' in statement ? byAction(statement) : byStatement(statement)
}

function byAction(action: Action): Touch[] {
  switch (action.type) {
    case 'create_table':
      return [{ table: action.name, column: null, makes: true }]
    case 'remove_table':
    case 'rename_table':
      return [{ table: action.table, column: null, makes: false }]
    case 'add_column':
      return [{ table: action.table, column: action.column.name, makes: true }]
    case 'alter_column':
    case 'remove_column':
      return [{ table: action.table, column: action.column, makes: false }]
    default:
      return []
  }
}

function byStatement(node: Node): Touch[] {
  if ('CreateStmt' in node) return [{ table: refOf(node.CreateStmt.relation).name, column: null, makes: true }]
  if ('RenameStmt' in node) {
    const { renameType, relation, subname = '' } = node.RenameStmt
    const { name: table } = refOf(relation)
    if (renameType === 'OBJECT_COLUMN') return [{ table, column: subname, makes: false }]
    return renameType === 'OBJECT_TABLE' ? [{ table, column: null, makes: false }] : []
  }
  const tables = dropped(node, 'OBJECT_TABLE').map(({ name }) => ({ table: name, column: null, makes: false }))
  const columns = alterations(node).flatMap(({ table, command: { subtype, name, def } }): Touch[] => {
    if (subtype === 'AT_AddColumn') {
      return def && 'ColumnDef' in def ? [{ table: table.name, column: def.ColumnDef.colname ?? '', makes: true }] : []
    }
    const isOfColumn = name !== undefined && /Column|NotNull|Identity|Expression|Default/.test(subtype ?? '')
    return isOfColumn ? [{ table: table.name, column: name, makes: false }] : []
  })
  return [...tables, ...columns]
}

import type { Node } from '../sql/parser.ts'
import type { KnownConstraint, KnownObjects, KnownTable, Newness } from './known-objects.ts'
import {
  alterations,
  constraintsOf,
  notNullColumn,
  refOf,
  refOfNames,
  stringsOf,
  type NodeOf,
  type ObjectRef,
} from './tree.ts'
import { isSerial, typeShape } from './type-names.ts'

/** The key of an object among what is known. */
export function keyOf({ schema: base }: Pick<KnownObjects, 'schema'>, { schema, name }: ObjectRef): string {
  return JSON.stringify([schema ?? base, name])
}

/** A table that was just made. */
export function freshTable(newness: Newness, partitioned = false): KnownTable {
  return { newness, partitioned, columns: new Map(), constraints: new Map() }
}

/** Takes note of what a statement of SQL makes, changes or drops. */
export function noteStatement(known: KnownObjects, node: Node): void {
  if ('CreateStmt' in node) noteTable(known, node.CreateStmt)
  else if ('CreateTableAsStmt' in node) {
    const newness = node.CreateTableAsStmt.if_not_exists ? 'maybe' : 'yes'
    known.tables.set(keyOf(known, refOf(node.CreateTableAsStmt.into?.rel)), freshTable(newness))
  } else if ('SelectStmt' in node && node.SelectStmt.intoClause) {
    known.tables.set(keyOf(known, refOf(node.SelectStmt.intoClause.rel)), freshTable('yes'))
  } else if ('IndexStmt' in node) noteIndex(known, node.IndexStmt)
  else if ('RenameStmt' in node) noteRename(known, node.RenameStmt)
  else if ('DropStmt' in node) noteDrop(known, node.DropStmt)
  else if ('AlterTableStmt' in node) noteAlterations(known, node)
  else noteOther(known, node)
}

function noteOther(known: KnownObjects, node: Node): void {
  const ref =
    'CreateEnumStmt' in node
      ? refOfNames(node.CreateEnumStmt.typeName)
      : 'CreateDomainStmt' in node
        ? refOfNames(node.CreateDomainStmt.domainname)
        : 'CreateSeqStmt' in node
          ? refOf(node.CreateSeqStmt.sequence)
          : 'ViewStmt' in node
            ? refOf(node.ViewStmt.view)
            : 'CompositeTypeStmt' in node
              ? refOf(node.CompositeTypeStmt.typevar)
              : 'CreateFunctionStmt' in node && !node.CreateFunctionStmt.replace
                ? refOfNames(node.CreateFunctionStmt.funcname)
                : 'CreateSchemaStmt' in node
                  ? { schema: '', name: node.CreateSchemaStmt.schemaname ?? '' }
                  : undefined
  if (ref !== undefined) known.others.set(keyOf(known, ref), 'yes')
}

function noteTable(known: KnownObjects, statement: NodeOf<'CreateStmt'>): void {
  const table = freshTable(statement.if_not_exists ? 'maybe' : 'yes', statement.partspec !== undefined)
  const key = keyOf(known, refOf(statement.relation))
  if (statement.if_not_exists && known.tables.has(key)) return
  known.tables.set(key, table)
  for (const element of statement.tableElts ?? []) {
    if ('ColumnDef' in element) noteColumn(table, element.ColumnDef, table.newness)
    else if ('Constraint' in element) noteConstraint(table, element.Constraint, table.newness)
  }
}

function noteColumn(table: KnownTable, column: NodeOf<'ColumnDef'>, newness: Newness): void {
  const constraints = constraintsOf(column)
  const isRequired = constraints.some(({ contype }) => contype === 'CONSTR_NOTNULL' || contype === 'CONSTR_PRIMARY')
  const nullable = !isRequired && !isSerial(column.typeName)
  table.columns.set(column.colname ?? '', { type: typeShape(column.typeName), nullable, newness })
  for (const constraint of constraints) noteConstraint(table, constraint, newness)
}

const kinds: Readonly<Partial<Record<string, KnownConstraint['kind']>>> = {
  CONSTR_CHECK: 'check',
  CONSTR_FOREIGN: 'foreign_key',
  CONSTR_PRIMARY: 'primary_key',
  CONSTR_UNIQUE: 'unique',
  CONSTR_EXCLUSION: 'other',
}

function noteConstraint(table: KnownTable, constraint: NodeOf<'Constraint'>, newness: Newness): void {
  const kind = kinds[constraint.contype ?? '']
  if (kind === 'primary_key') {
    for (const name of stringsOf(constraint.keys)) {
      const column = table.columns.get(name)
      if (column) column.nullable = false
    }
  }
  if (kind === undefined || constraint.conname === undefined) return
  const validated = constraint.skip_validation !== true
  table.constraints.set(constraint.conname, { kind, newness, validated, notNull: notNullColumn(constraint.raw_expr) })
}

function noteIndex(known: KnownObjects, statement: NodeOf<'IndexStmt'>): void {
  if (statement.idxname === undefined) return
  const { schema } = refOf(statement.relation)
  const key = keyOf(known, { schema, name: statement.idxname })
  if (statement.if_not_exists && known.indexes.has(key)) return
  const newness = statement.if_not_exists ? 'maybe' : 'yes'
  known.indexes.set(key, { table: keyOf(known, refOf(statement.relation)), newness })
}

function noteRename(
  known: KnownObjects,
  { renameType, relation, subname = '', newname = '' }: NodeOf<'RenameStmt'>,
): void {
  const ref = refOf(relation)
  const table = known.tables.get(keyOf(known, ref))
  if (renameType === 'OBJECT_TABLE' && table) {
    known.tables.delete(keyOf(known, ref))
    known.tables.set(keyOf(known, { ...ref, name: newname }), table)
  }
  if (renameType === 'OBJECT_COLUMN' && table) moveEntry(table.columns, subname, newname)
  if (renameType === 'OBJECT_TABCONSTRAINT' && table) moveEntry(table.constraints, subname, newname)
  if (renameType === 'OBJECT_INDEX') {
    moveEntry(known.indexes, keyOf(known, ref), keyOf(known, { ...ref, name: newname }))
  }
}

function moveEntry<Value>(map: Map<string, Value>, from: string, to: string): void {
  const value = map.get(from)
  if (value === undefined) return
  map.delete(from)
  map.set(to, value)
}

function noteDrop(known: KnownObjects, { objects = [], removeType }: NodeOf<'DropStmt'>): void {
  for (const object of objects) {
    const names = 'List' in object ? object.List.items : 'TypeName' in object ? object.TypeName.names : undefined
    const key = keyOf(known, refOfNames(names))
    if (removeType === 'OBJECT_TABLE') known.tables.delete(key)
    else if (removeType === 'OBJECT_INDEX') known.indexes.delete(key)
    else known.others.delete(key)
  }
}

function noteAlterations(known: KnownObjects, node: Node): void {
  for (const { table: ref, command } of alterations(node)) {
    const key = keyOf(known, ref)
    const table = known.tables.get(key) ?? freshTable('no')
    known.tables.set(key, table)
    noteAlteration(table, command)
  }
}

function noteAlteration(
  table: KnownTable,
  { subtype, name = '', def, missing_ok: ifNotExists }: NodeOf<'AlterTableCmd'>,
): void {
  const column = table.columns.get(name)
  switch (subtype) {
    case 'AT_AddColumn':
      if (def && 'ColumnDef' in def && !(ifNotExists && table.columns.has(def.ColumnDef.colname ?? ''))) {
        noteColumn(table, def.ColumnDef, ifNotExists ? 'maybe' : 'yes')
      }
      break
    case 'AT_AddConstraint':
      if (def && 'Constraint' in def) noteConstraint(table, def.Constraint, 'yes')
      break
    case 'AT_AlterColumnType':
      if (column && def && 'ColumnDef' in def) column.type = typeShape(def.ColumnDef.typeName)
      break
    case 'AT_DropColumn':
      table.columns.delete(name)
      break
    case 'AT_SetNotNull':
    case 'AT_DropNotNull':
      if (column) column.nullable = subtype === 'AT_DropNotNull'
      break
    case 'AT_DropConstraint':
      table.constraints.delete(name)
      break
    case 'AT_ValidateConstraint': {
      const constraint = table.constraints.get(name)
      if (constraint) constraint.validated = true
      break
    }
    default:
  }
}

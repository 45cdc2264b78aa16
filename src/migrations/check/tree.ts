import { displayName } from '../../catalog/catalog.ts'
import type { Node } from '../sql/parser.ts'

/** One kind of node of PostgreSQL's parse trees. */
export type NodeOf<Kind extends string> = Extract<Node, Record<Kind, unknown>>[Kind]

/** How a statement names a table or another object of a schema; without a schema the search path decides. */
export interface ObjectRef {
  readonly schema: string | null
  readonly name: string
}

/** The object that a range variable names. */
export function refOf(range: NodeOf<'RangeVar'> | undefined): ObjectRef {
  return { schema: range?.schemaname ?? null, name: range?.relname ?? '' }
}

/** The object that a dotted name names, as `s.t` or `t`. */
export function refOfNames(names: readonly Node[] | undefined): ObjectRef {
  const path = stringsOf(names)
  return { schema: path.at(-2) ?? null, name: path.at(-1) ?? '' }
}

/** The texts of a list of names. */
export function stringsOf(list: readonly Node[] | undefined): string[] {
  return (list ?? []).flatMap((item) => ('String' in item ? [item.String.sval ?? ''] : []))
}

/** A name for people. */
export function shown({ schema, name }: ObjectRef): string {
  return [schema, name].flatMap((part) => (part === null ? [] : [displayName(part)])).join('.')
}

/** Several things for people: `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** One command of an ALTER TABLE. */
export interface Alteration {
  readonly table: ObjectRef
  readonly command: NodeOf<'AlterTableCmd'>
  /** Whether it is the only command of its statement. */
  readonly alone: boolean
}

/** The commands of an ALTER TABLE that are of these kinds, or all of them; none for every other statement. */
export function alterations(node: Node, ...kinds: readonly NodeOf<'AlterTableCmd'>['subtype'][]): Alteration[] {
  if (!('AlterTableStmt' in node)) return []
  const { relation, cmds = [], objtype } = node.AlterTableStmt
  if (objtype !== 'OBJECT_TABLE') return []
  return cmds.flatMap((item) => {
    if (!('AlterTableCmd' in item)) return []
    const command = item.AlterTableCmd
    if (kinds.length > 0 && !kinds.includes(command.subtype)) return []
    return [{ table: refOf(relation), command, alone: cmds.length === 1 }]
  })
}

/** A column that ALTER TABLE adds. */
export interface AddedColumn {
  readonly table: ObjectRef
  readonly column: NodeOf<'ColumnDef'>
  readonly name: string
  readonly constraints: readonly NodeOf<'Constraint'>[]
  readonly alone: boolean
}

/** The columns that an ALTER TABLE adds. */
export function addedColumns(node: Node): AddedColumn[] {
  return alterations(node, 'AT_AddColumn').flatMap(({ table, command: { def }, alone }) =>
    def && 'ColumnDef' in def
      ? [
          {
            table,
            column: def.ColumnDef,
            name: def.ColumnDef.colname ?? '',
            constraints: constraintsOf(def.ColumnDef),
            alone,
          },
        ]
      : [],
  )
}

/** The constraints that are written behind a column. */
export function constraintsOf(column: NodeOf<'ColumnDef'>): NodeOf<'Constraint'>[] {
  return (column.constraints ?? []).flatMap((item) => ('Constraint' in item ? [item.Constraint] : []))
}

/** A constraint that ALTER TABLE adds, by itself or with a new column. */
export interface AddedConstraint {
  readonly table: ObjectRef
  readonly constraint: NodeOf<'Constraint'>
  /** The column that it stands behind; undefined for one of the table. */
  readonly column: AddedColumn | undefined
  readonly alone: boolean
}

/** The constraints of some kinds that an ALTER TABLE adds. */
export function addedConstraints(node: Node, ...kinds: readonly NodeOf<'Constraint'>['contype'][]): AddedConstraint[] {
  const own = alterations(node, 'AT_AddConstraint').flatMap(({ table, command: { def }, alone }) =>
    def && 'Constraint' in def ? [{ table, constraint: def.Constraint, column: undefined, alone }] : [],
  )
  const behind = addedColumns(node).flatMap((column) =>
    column.constraints.map((constraint) => ({ table: column.table, constraint, column, alone: column.alone })),
  )
  return [...own, ...behind].filter(({ constraint }) => kinds.includes(constraint.contype))
}

/** The columns of a key: those it lists, or the one it stands behind. */
export function keyColumns({ constraint, column }: AddedConstraint): string[] {
  return column === undefined ? stringsOf(constraint.keys ?? constraint.fk_attrs) : [column.name]
}

/** What a DROP statement drops, of one kind. */
export function dropped(node: Node, kind: NodeOf<'DropStmt'>['removeType']): ObjectRef[] {
  if (!('DropStmt' in node) || node.DropStmt.removeType !== kind) return []
  return (node.DropStmt.objects ?? []).map((object) => {
    if ('List' in object) return refOfNames(object.List.items)
    if ('TypeName' in object) return refOfNames(object.TypeName.names)
    if ('ObjectWithArgs' in object) return refOfNames(object.ObjectWithArgs.objname)
    return refOfNames([object])
  })
}

/** Every node of a tree with its kind, the outer ones first. */
export function* walk(value: unknown): Generator<readonly [kind: string, node: Readonly<Record<string, unknown>>]> {
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) yield* walk(item)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner !== 'object' || inner === null) continue
      if (!Array.isArray(inner)) yield [key, inner as Readonly<Record<string, unknown>>]
      yield* walk(inner)
    }
  }
}

/** The names of the functions that a tree calls, without their schemas. */
export function calledFunctions(tree: unknown): string[] {
  return Array.from(walk(tree)).flatMap(([kind, node]) => {
    const path = kind === 'FuncCall' ? stringsOf(node['funcname'] as readonly Node[]) : []
    return path.slice(-1)
  })
}

/** The columns that a tree names, without what qualifies them. */
export function namedColumns(tree: unknown): string[] {
  return Array.from(walk(tree)).flatMap(([kind, node]) =>
    kind === 'ColumnRef' ? stringsOf(node['fields'] as readonly Node[]).slice(-1) : [],
  )
}

/** The value of an option in a list of them, such as `security` of a function. */
export function optionOf(options: readonly Node[] | undefined, name: string): Node | undefined {
  const found = options?.find((node) => 'DefElem' in node && node.DefElem.defname === name)
  return found && 'DefElem' in found ? found.DefElem.arg : undefined
}

/** The column of a condition that says `column IS NOT NULL` and nothing else. */
export function notNullColumn(expression: Node | undefined): string | undefined {
  if (!expression || !('NullTest' in expression) || expression.NullTest.nulltesttype !== 'IS_NOT_NULL') return undefined
  const { arg } = expression.NullTest
  return arg && 'ColumnRef' in arg ? stringsOf(arg.ColumnRef.fields).at(-1) : undefined
}

/** A collation as the catalog prints it. */
export function displayCollation(path: readonly string[]): string {
  return path.map(displayName).join('.')
}

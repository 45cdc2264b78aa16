import type { Catalog, Column, ObjectName, Table } from '../../../catalog/catalog.ts'
import { displayName } from '../../../catalog/catalog.ts'
import { id, literal, sql, type Sql } from '../../../database/database.ts'
import type { SqlText } from '../../actions/action.ts'
import type { Binding } from '../../preflight/preflight-plan.ts'
import type { Parser } from '../../sql/parser.ts'
import { internalName } from '../names.ts'
import type { LockMode, PhaseStep, TableLock } from '../phase-step.ts'
import { type Printed, relationKey, type RenamedColumns, type Rewritten, rewritePrinted } from './printed-sql.ts'

/** The column that takes the place of another. */
export interface Replacement {
  /** Its name until the swap. */
  readonly physical: string
  readonly finalName: string
  readonly type: SqlText
  readonly nullable: boolean
  /** The default that the change gives it; undefined when it keeps the old column's default, identity or sequence. */
  readonly default?: SqlText | null | undefined
}

/** What the batch does to another table, as far as foreign keys have to know. */
export interface OtherTable {
  readonly replaced: ReadonlyMap<string, Replacement>
  readonly removedConstraints: ReadonlySet<string>
  /** The batch removes it altogether. */
  readonly removed: boolean
}

/** What there is to carry over on one table. Everything is called as it was before the batch. */
export interface CarryOverInput {
  readonly catalog: Catalog
  readonly table: Table
  /** Old column to new one. */
  readonly replaced: ReadonlyMap<string, Replacement>
  /** Old name to final name, for columns that are renamed and nothing else. */
  readonly columnRenames: ReadonlyMap<string, string>
  readonly base: string
  /** The batch's last migration, which internal names are made from. */
  readonly target: string
  readonly serverMajor: number
  readonly parser: Parser
  /** Constraints of the table that the batch removes, which are not carried over. */
  readonly removedConstraints: ReadonlySet<string>
  readonly removedIndexes: ReadonlySet<string>
  /** The version schema that is gone when the swap runs, so that its views hold nothing; null before the first. */
  readonly oldSchema?: string | null | undefined
  /** Types that are swapped together with their columns: the present one's `relationKey` to the one that takes its place. */
  readonly typeSwaps?: ReadonlyMap<string, ObjectName> | undefined
  /** The migration that the steps are told under. */
  readonly migration?: string | null | undefined
  /** What else the batch does, by table; undefined for a table that it leaves alone. */
  readonly otherTable?: ((table: ObjectName) => OtherTable | undefined) | undefined
}

/** Something to tell a person. */
export interface Remark {
  readonly message: string
  readonly remedy: string
}

/** What the server has to accept of the new columns, because it accepts it of the old ones. */
export type CarriedBinding = Pick<Binding, 'kind' | 'text' | 'rows' | 'key' | 'remedy'>

/** What one kind of object contributes. */
export interface CarryPart {
  readonly build?: readonly PhaseStep[]
  readonly keys?: readonly PhaseStep[]
  readonly prepare?: readonly PhaseStep[]
  readonly release?: readonly PhaseStep[]
  readonly locks?: readonly TableLock[]
  readonly before?: readonly Sql[]
  readonly after?: readonly Sql[]
  readonly bindings?: readonly CarriedBinding[]
  readonly problems?: readonly Remark[]
  readonly warnings?: readonly Remark[]
}

/** A piece of work in progress, with what every kind of object needs. */
export interface Carrying extends CarryOverInput {
  /** The table, and its partitions and other children, which have the columns too. */
  readonly tables: readonly Table[]
  /** Old column to the one that holds its values until the swap. */
  readonly temporary: ReadonlyMap<string, string>
  /** Old column to the name that it has after the swap, the ones that are only renamed included. */
  readonly final: ReadonlyMap<string, string>
}

/** Gathers what every kind of object needs. */
export function beginCarrying(input: CarryOverInput): Carrying {
  const replaced = [...input.replaced]
  return {
    ...input,
    tables: withChildren(input.catalog, input.table),
    temporary: new Map(replaced.map(([old, { physical }]) => [old, physical])),
    final: new Map([
      ...input.columnRenames,
      ...replaced.map(([old, { finalName }]): [string, string] => [old, finalName]),
    ]),
  }
}

function withChildren(catalog: Catalog, table: Table): readonly Table[] {
  const children = catalog.tables.filter(
    ({ partitionOf, inherits }) =>
      isSame(partitionOf?.parent, table) || inherits.some((parent) => isSame(parent, table)),
  )
  // A child of two parents is met twice.
  const all = [table, ...children.flatMap((child) => withChildren(catalog, child))]
  return [...new Map(all.map((each) => [relationKey(each), each])).values()]
}

/** Whether two names are the same object's. */
export function isSame(left: ObjectName | undefined, right: ObjectName): boolean {
  return left !== undefined && left.name === right.name && left.schema === right.schema
}

/** A table or view as people call it: without the base schema. */
export function shown({ base }: Pick<CarryOverInput, 'base'>, { schema, name }: ObjectName): string {
  return schema === base ? displayName(name) : `${displayName(schema)}.${displayName(name)}`
}

/** Whether an object over these columns is touched. */
export function isReplaced({ replaced }: CarryOverInput, columns: readonly string[]): boolean {
  return columns.some((name) => replaced.has(name))
}

/** The columns of one of the tables under the names that they have until the swap, or after it. */
export function renamedOf(carrying: Carrying, table: ObjectName, when: 'temporary' | 'final'): RenamedColumns {
  return { table, columns: carrying[when], types: carrying.typeSwaps }
}

/** Printed SQL in terms of the columns as they are until the swap, or after it, whichever of the tables it reads. */
export function rewriteFor(carrying: Carrying, printed: Printed, when: 'temporary' | 'final'): Rewritten {
  const uses = new Set<string>()
  const unclear = new Set<string>()
  const reads = new Set<string>()
  let text = printed.text
  for (const [place, table] of carrying.tables.entries()) {
    const relations = place === 0 ? printed.relations : undefined
    const renamed = renamedOf(carrying, table, when)
    const rewritten = rewritePrinted({ ...printed, text, ...(relations && { relations }) }, renamed, carrying.parser)
    text = rewritten.text
    for (const name of rewritten.uses) uses.add(name)
    for (const name of rewritten.unclear) unclear.add(name)
    if (place === 0) for (const relation of rewritten.reads) reads.add(relation)
  }
  return { text, uses, unclear, reads }
}

/** Printed SQL that may read several tables, with the replaced columns of all of them renamed. */
export interface RewrittenForAll {
  readonly text: string
  /** Columns that are used in a way that cannot be rewritten. */
  readonly unclear: ReadonlySet<string>
  /** The relations that it reads, by `relationKey`. */
  readonly reads: ReadonlySet<string>
  /** The tables of which it uses replaced columns. */
  readonly touched: readonly Carrying[]
}

/** Printed SQL in terms of the columns as they are until the swap, or after it, of all tables that the batch changes so. */
export function rewriteForAll(
  carryings: readonly Carrying[],
  printed: Printed,
  when: 'temporary' | 'final',
): RewrittenForAll {
  const unclear = new Set<string>()
  const reads = new Set<string>()
  const touched: Carrying[] = []
  let text = printed.text
  for (const [place, carrying] of carryings.entries()) {
    const relations = place === 0 ? printed.relations : undefined
    const rewritten = rewriteFor(carrying, { ...printed, text, relations: relations ?? new Map() }, when)
    text = rewritten.text
    for (const name of rewritten.unclear) unclear.add(name)
    if (place === 0) for (const relation of rewritten.reads) reads.add(relation)
    if (isReplaced(carrying, [...rewritten.uses])) touched.push(carrying)
  }
  return { text, unclear, reads, touched }
}

/** The name that an object has until the swap. */
export function temporaryName({ target }: CarryOverInput, kind: string, object: ObjectName, name: string): string {
  return internalName(target, 'carry', kind, object.schema, object.name, name)
}

/** A step's key: the kind, the relation and the name of the object. */
export function keyOf(kind: string, { schema, name }: ObjectName, object: string): string {
  return `carry/${kind}/${JSON.stringify([schema, name, object])}`
}

/** A lock of a relation. */
export function lockOf({ schema, name }: ObjectName, mode: LockMode): TableLock {
  return { schema, name, mode }
}

/** A step of one transaction, and how to take it back. */
export function transactionStep(
  { migration = null }: CarryOverInput,
  step: {
    readonly key: string
    readonly label: string
    readonly locks: readonly TableLock[]
    readonly statements: readonly Sql[]
    readonly undo?: { readonly locks: readonly TableLock[]; readonly statements: readonly Sql[] }
  },
): PhaseStep {
  const { key, label, locks, statements, undo } = step
  return {
    key,
    migration,
    label,
    body: { kind: 'transaction', locks, statements },
    undo: undo === undefined ? [] : [{ kind: 'transaction', ...undo }],
  }
}

/** `alter table <table> <change>`. */
export function alter(table: ObjectName, change: Sql): Sql {
  return sql`alter table ${id(table.schema, table.name)} ${change}`
}

export { roleName as role } from '../../../catalog/catalog.ts'

/** `comment on <object> is <text>`, for an object that has one. */
export function commentOn(object: Sql, comment: string | null): readonly Sql[] {
  return comment === null ? [] : [sql`comment on ${object} is ${literal(comment)}`]
}

/** The columns that are replaced, as one of the tables has them. */
export function replacedColumns(
  { replaced }: CarryOverInput,
  table: Table,
): readonly { readonly column: Column; readonly replacement: Replacement }[] {
  return table.columns.flatMap((column) => {
    const replacement = replaced.get(column.name)
    return replacement === undefined ? [] : [{ column, replacement }]
  })
}

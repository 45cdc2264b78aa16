import {
  displayName,
  findView,
  type Catalog,
  type Column,
  type Constraint,
  type Index,
  type Table,
} from '../../catalog/catalog.ts'
import type { ColumnDeclaration, IndexDeclaration } from '../actions/action.ts'
import { versionSchemaName } from '../batch/names.ts'
import {
  findColumn,
  findEnum,
  findTable,
  mentions,
  type Model,
  type ModelColumn,
  type ModelConstraint,
  type ModelIndex,
  type ModelTable,
} from './model.ts'

/** What a model is made of besides a catalog. */
export interface ModelOptions {
  /** The schema that holds the real tables. */
  readonly base: string
  /** The migration whose version schema says in which order columns are seen. */
  readonly version?: string | null
  /** What it has of the same name stays the same object. */
  readonly before?: Model | undefined
}

/** The base schema of a catalog as a model. */
export function modelOf(catalog: Catalog, { base, version = null, before }: ModelOptions): Model {
  const local = localTypes(catalog, base)
  const tables = catalog.tables
    .filter(({ schema, partitionOf }) => schema === base && partitionOf === null)
    .map((table) => {
      const shell = shellOf(table, before && findTable(before, table.name), local)
      shell.columns = asSeen(shell.columns, catalog, table.name, version)
      return shell
    })
  const model: Model = {
    tables,
    enums: catalog.types.flatMap((type) =>
      type.schema === base && type.kind === 'enum' ? [{ name: type.name, labels: type.labels, removed: false }] : [],
    ),
  }
  for (const table of tables) fill(table, model, base)
  return model
}

/** Adds what a script of an author's has made, by the catalogs before and after it; what actions made is known already. */
export function learn(model: Model, before: Catalog, after: Catalog, base: string): void {
  const isNew = (name: string, known: readonly { readonly schema: string; readonly name: string }[]) =>
    !name.startsWith('__metastore_') && !known.some((one) => one.schema === base && one.name === name)
  const made = modelOf(after, { base })
  for (const table of made.tables) {
    if (isNew(table.name, before.tables) && findTable(model, table.name) === undefined) model.tables.push(table)
  }
  for (const one of made.enums) {
    if (isNew(one.name, before.types) && findEnum(model, one.name) === undefined) model.enums.push(one)
  }
}

// A column that was altered or came back is the last of its table, but has its place in the version's view.
function asSeen(
  columns: readonly ModelColumn[],
  catalog: Catalog,
  name: string,
  version: string | null,
): ModelColumn[] {
  const view = version === null ? undefined : findView(catalog, { schema: versionSchemaName(version), name })
  const order = view?.columns.map((column) => column.name) ?? []
  const place = ({ declaration }: ModelColumn) =>
    order.includes(declaration.name) ? order.indexOf(declaration.name) : order.length
  return columns.toSorted((one, other) => place(one) - place(other))
}

// The table with its columns, before anything refers to them.
function shellOf(catalog: Table, known: ModelTable | undefined, local: LocalTypes): ModelTable {
  const columns = catalog.columns.map((column): ModelColumn => {
    const same = known && findColumn(known, column.name)
    return Object.assign(same ?? {}, { declaration: declarationOf(column, local), catalog: column, removed: false })
  })
  const content = { name: catalog.name, catalog, columns, comment: catalog.comment, removed: false }
  const nothing = { primaryKey: [], primaryKeyName: '', constraints: [], indexes: [] }
  return Object.assign(known ?? { renames: 0, changes: 0 }, { ...content, ...nothing })
}

function fill(table: ModelTable, model: Model, base: string): void {
  const { catalog } = table
  if (catalog === null) return
  for (const constraint of catalog.constraints) {
    if (constraint.kind === 'not_null') continue
    if (constraint.kind === 'primary_key') {
      table.primaryKey = columnsOf(table, constraint.columns)
      table.primaryKeyName = constraint.name
    } else table.constraints.push(constraintOf(constraint, table, model, base))
  }
  table.indexes.push(
    ...catalog.indexes.filter(({ constraint }) => constraint === null).map((one) => indexOf(one, table)),
  )
}

/** SQL with the types of the base schema as files write them, so that another action may make one of them again. */
type LocalTypes = (text: string) => string

function localTypes({ types }: Catalog, base: string): LocalTypes {
  const names = types.flatMap(({ schema, kind, name }) =>
    schema === base && kind === 'enum'
      ? [{ long: `${displayName(base)}.${displayName(name)}`, short: displayName(name) }]
      : [],
  )
  return (text) =>
    names.reduce(
      (changed, { long, short }) =>
        changed.startsWith(long)
          ? `${short}${changed.slice(long.length)}`
          : changed.replaceAll(`::${long}`, `::${short}`),
      text,
    )
}

/** A column as an action would declare it. */
function declarationOf(column: Column, local: LocalTypes): ColumnDeclaration {
  const { name, type, nullable, default: value, identity, generated, comment } = column
  const kind = generated?.storage === 'virtual' ? 'VIRTUAL' : 'STORED'
  return {
    name,
    type: local(type),
    nullable,
    ...(value !== null && { default: local(value) }),
    ...(identity !== null && { generated: `${identity.kind === 'always' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY` }),
    ...(generated !== null && { generated: `ALWAYS AS (${generated.expression}) ${kind}` }),
    ...(comment !== null && { comment }),
  }
}

function columnsOf(table: ModelTable, names: readonly string[]): ModelColumn[] {
  return names.flatMap((name) => findColumn(table, name) ?? [])
}

const referentialActions = {
  no_action: undefined,
  restrict: 'RESTRICT',
  cascade: 'CASCADE',
  set_null: 'SET NULL',
  set_default: 'SET DEFAULT',
} as const

function constraintOf(
  constraint: Exclude<Constraint, { kind: 'primary_key' | 'not_null' }>,
  table: ModelTable,
  model: Model,
  base: string,
): ModelConstraint {
  const usual = constraint.deferrable === 'no' && constraint.validated && constraint.enforced
  const columns = 'columns' in constraint ? columnsOf(table, constraint.columns) : table.columns
  const common = { name: constraint.name, columns, definition: constraint.definition, writtenAt: table.renames }
  const written: ModelConstraint = { ...common, rule: { kind: 'written' } }
  if (!usual || constraint.comment !== null) return written
  if (constraint.kind === 'check' && !constraint.noInherit) {
    return { ...common, rule: { kind: 'check', check: { name: constraint.name, expression: constraint.expression } } }
  }
  if (constraint.kind !== 'foreign_key') return written
  const { references, onDelete, onUpdate, match, onDeleteColumns, period } = constraint
  const other = references.schema === base ? findTable(model, references.name) : undefined
  if (other === undefined || match !== 'simple' || onDeleteColumns.length > 0 || period) return written
  return {
    ...common,
    rule: {
      kind: 'foreign_key',
      references: other,
      referenced: columnsOf(other, references.columns),
      on_delete: referentialActions[onDelete],
      on_update: referentialActions[onUpdate],
    },
  }
}

const indexTypes: ReadonlySet<string> = new Set(['btree', 'hash', 'gist', 'spgist', 'gin', 'brin'])

function indexOf(index: Index, table: ModelTable): ModelIndex {
  const keys = index.keys.map((key): ModelIndex['keys'][number] => {
    const usualNulls = key.nulls === (key.order === 'desc' ? 'first' : 'last')
    const order = {
      ...(key.order === 'desc' && { direction: 'DESC' as const }),
      ...(!usualNulls && { nulls: key.nulls === 'first' ? ('FIRST' as const) : ('LAST' as const) }),
    }
    const column = key.kind === 'column' ? findColumn(table, key.column) : undefined
    return column === undefined
      ? { expression: key.kind === 'expression' ? key.expression : '', ...order }
      : { column, ...order }
  })
  const usual =
    indexTypes.has(index.method) &&
    index.include.length === 0 &&
    !index.nullsNotDistinct &&
    index.valid &&
    !index.clustered &&
    !index.replicaIdentity &&
    index.tablespace === null &&
    index.comment === null &&
    Object.keys(index.options).length === 0 &&
    index.keys.every(({ operatorClass, collation }) => operatorClass === null && collation === null)
  return {
    name: index.name,
    keys,
    rest: usual
      ? {
          ...(index.unique && { unique: true }),
          ...(index.method !== 'btree' && { type: index.method as NonNullable<IndexDeclaration['type']> }),
          ...(index.predicate !== null && { where: index.predicate }),
        }
      : undefined,
    columns: usedColumns(index, table),
    definition: index.definition,
    writtenAt: table.renames,
  }
}

// An expression may use any column; what it uses in fact, the server knew when it dropped the index with one of them.
function usedColumns(index: Index, table: ModelTable): ModelColumn[] {
  const texts = [...index.keys.flatMap((key) => (key.kind === 'expression' ? [key.expression] : [])), index.predicate]
  const named = [...index.include, ...index.keys.flatMap((key) => (key.kind === 'column' ? [key.column] : []))]
  return table.columns.filter(
    ({ declaration: { name } }) => named.includes(name) || texts.some((text) => text !== null && mentions(text, name)),
  )
}

import {
  objects,
  type Catalog,
  type CatalogObject,
  type Constraint,
  type Index,
  type RenderedStatement,
  type Table,
} from '../catalog/catalog.ts'
import { id, raw, sql, type Sql } from '../database/database.ts'
import type { ConcurrentIndex } from '../migrations/migrations.ts'

/** SQL that runs by itself: in a transaction, or outside of one while others write. */
export interface RepairRun {
  readonly sql: Sql
  /** The index that it builds, drops or rebuilds while others write; null for what runs in a transaction. */
  readonly concurrently: ConcurrentIndex | null
}

/** A statement of a repair as it runs on a database that is in use. */
export interface RepairStatement extends RenderedStatement {
  /** Each in turn. */
  readonly runs: readonly RepairRun[]
  /** Takes the first back when a later one fails, so that a repair that cannot be done changes nothing. */
  readonly undo: RepairRun | null
}

/**
 * The statements of a repair, so that nobody waits for them longer than for a moment: indexes are built concurrently, and a
 * constraint on rows that are there is added first and checked then. What is on a table that is made in the same repair is
 * left as it is: nobody uses that yet. Pure.
 */
export function onlineRepairs(
  statements: readonly RenderedStatement[],
  expected: Catalog,
  actual: Catalog,
): RepairStatement[] {
  const byKey = new Map([...objects(actual), ...objects(expected)].map((object) => [object.key, object]))
  const there = new Map(objects(actual).map((object) => [object.key, object]))
  return statements.map((statement): RepairStatement => {
    const object = byKey.get(statement.object)
    const whole = there.get(object?.partOf ?? '')
    const usual = { ...statement, runs: [plain(statement.sql)], undo: null }
    if (object === undefined || whole === undefined) return usual
    const isPartitioned = whole.kind === 'table' && whole.value.kind !== 'table'
    if (isPartitioned) return usual
    if (object.kind === 'index')
      return { ...usual, ...ofIndex(statement, object, constraintServed(whole, object.value)) }
    if (object.kind !== 'constraint' || whole.kind !== 'table') return usual
    const table = byKey.get(whole.key)
    return { ...usual, ...ofConstraint(statement, object, (table?.kind === 'table' ? table : whole).value) }
  })
}

type Way = Pick<RepairStatement, 'sql' | 'runs' | 'undo'>

function plain(text: Sql): RepairRun {
  return { sql: text, concurrently: null }
}

function concurrently(operation: ConcurrentIndex['operation'], schema: string, name: string, text: Sql): RepairRun {
  return { sql: text, concurrently: { operation, schema, name, ifNotExists: false } }
}

function ofIndex(
  { action }: RenderedStatement,
  { path, value }: CatalogObject & { readonly kind: 'index' },
  served: Constraint | undefined,
): Way | undefined {
  const [schema = ''] = path
  // That of a partition is a part of another one.
  if (value.partOf !== null) return undefined
  const way = (operation: ConcurrentIndex['operation'], text: Sql | undefined): Way | undefined =>
    text && { sql: text, runs: [concurrently(operation, schema, value.name, text)], undo: null }
  if (action === 'create') return way('create', builtConcurrently(value))
  if (action === 'drop') return way('drop', sql`drop index concurrently ${id(schema, value.name)}`)
  // PostgreSQL manual, REINDEX: an index of an exclusion constraint cannot be rebuilt so.
  if (action !== 'rebuild' || served?.kind === 'exclusion') return undefined
  return way('reindex', sql`reindex index concurrently ${id(schema, value.name)}`)
}

// As the server prints it, it begins so and not otherwise.
function builtConcurrently({ definition }: Index): Sql | undefined {
  const parts = /^(CREATE (?:UNIQUE )?INDEX )(?!CONCURRENTLY )([^]*)$/.exec(definition ?? '')
  return parts === null ? undefined : raw(`${parts[1]}CONCURRENTLY ${parts[2]}`)
}

function constraintServed(whole: CatalogObject, index: Index): Constraint | undefined {
  if (whole.kind !== 'table' || index.constraint === null) return undefined
  return whole.value.constraints.find(({ name }) => name === index.constraint)
}

function ofConstraint(
  statement: RenderedStatement,
  { path, value }: CatalogObject & { readonly kind: 'constraint' },
  table: Table,
): Way | undefined {
  if (statement.action !== 'add' || value.inherited) return undefined
  const [schema = '', name = ''] = path
  if (value.kind === 'primary_key' || value.kind === 'unique') return byIndex(statement, { schema, name }, value, table)
  if ((value.kind !== 'check' && value.kind !== 'foreign_key') || !value.validated || !value.enforced) return undefined
  return {
    sql: statement.sql,
    runs: [
      plain(sql`${statement.sql} not valid`),
      plain(sql`alter table ${id(schema, name)} validate constraint ${id(value.name)}`),
    ],
    undo: plain(sql`alter table ${id(schema, name)} drop constraint ${id(value.name)}`),
  }
}

// Its index is built first, while others write; to make a constraint of that takes a moment.
function byIndex(
  { sql: text }: RenderedStatement,
  { schema, name }: { readonly schema: string; readonly name: string },
  value: Constraint & { readonly kind: 'primary_key' | 'unique' },
  { indexes }: Table,
): Way | undefined {
  const index = indexes.find(({ constraint }) => constraint === value.name)
  const build = index === undefined ? undefined : builtConcurrently(index)
  if (build === undefined || index?.name !== value.name || value.withoutOverlaps) return undefined
  const kind = raw(value.kind === 'primary_key' ? 'primary key' : 'unique')
  const when = { no: '', immediate: ' deferrable', deferred: ' deferrable initially deferred' }[value.deferrable]
  const add = sql`alter table ${id(schema, name)} add constraint ${id(value.name)} ${kind} using index ${id(value.name)}${raw(when)}`
  return {
    sql: text,
    runs: [concurrently('create', schema, value.name, build), plain(add)],
    undo: concurrently('drop', schema, value.name, sql`drop index concurrently ${id(schema, value.name)}`),
  }
}

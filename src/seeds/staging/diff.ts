import { findColumn, type Column } from '../../catalog/catalog.ts'
import { id, join, literal, raw, sql, type Queryable, type Sql } from '../../database/database.ts'
import { rowColumn, shapeColumn, stageSql, type Shape, type Staged } from './staged.ts'
import { tableSql } from '../target.ts'
import type { CellWorld } from '../world.ts'

const row = sql`s.${id(rowColumn)}`

/** Which staged rows are of a shape. */
export function ofShape({ number }: Shape): Sql {
  return sql`s.${id(shapeColumn)} = ${literal(number)}`
}

/** What joins a staged row (`s`) to the row of the table (`t`) that has its key. */
export function keyJoin({ step, nullColumns }: Staged): Sql {
  const parts = step.key.map((column) =>
    nullColumns.has(column)
      ? sql`t.${id(column)} is not distinct from s.${id(column)}`
      : sql`t.${id(column)} = s.${id(column)}`,
  )
  return join(parts, ' and ')
}

/** That the table has no row with the key of a staged one. */
export function isNew(staged: Staged): Sql {
  return sql`not exists (select 1 from ${tableSql(staged.step.table)} as t where ${keyJoin(staged)})`
}

// Types of which equal values are the same, byte for byte. Of others, such as numeric and citext, the text decides.
const exact =
  /^(?:smallint|integer|bigint|boolean|uuid|date|bytea|text|character varying.*|timestamp.*|int|varchar.*)$/i

/** That a column of the row differs from what is staged. */
export function differs(column: Column, dialect: CellWorld['dialect']): Sql {
  const [old, staged] = [sql`t.${id(column.name)}`, sql`s.${id(column.name)}`]
  if (dialect === 'sqlite' || isExact(column)) {
    return sql`${old} is distinct from ${staged}`
  }
  return sql`cast(${old} as text) is distinct from cast(${staged} as text)`
}

/** That any of the columns of the row differs from what is staged. For PostgreSQL. */
export function differsAtAll(columns: readonly Column[]): Sql {
  const plain = columns.filter(isExact).map((column) => differs(column, 'postgres'))
  const inexact = columns.filter((column) => !isExact(column))
  if (inexact.length === 0) return sql`(${join(plain, ' or ')})`
  // Equal bytes are the same text: the text itself, which takes long to make, is asked for only where they are not.
  // Records are of the same types, also where the column's is a domain and the staged one's what is below.
  const sides = (alias: 's' | 't') =>
    join(inexact.map(({ name, type }) => sql`cast(${id(alias)}.${id(name)} as ${raw(type)})`))
  const bytes = sql`cast(row(${sides('t')}) as record) operator(pg_catalog.*<>) cast(row(${sides('s')}) as record)`
  const texts = inexact.map((column) => differs(column, 'postgres'))
  return sql`(${join([...plain, sql`(${bytes} and (${join(texts, ' or ')}))`], ' or ')})`
}

function isExact({ type, collation }: Column): boolean {
  return exact.test(type) && collation === null
}

/** The columns of a shape that an existing row gets. A number that the database always gives itself is never changed. */
export function changeable(staged: Staged, shape: Shape): readonly Column[] {
  return beyondKey(staged, shape).filter(({ name, identity }) => !shape.kept.has(name) && identity?.kind !== 'always')
}

/** The columns of a shape that rows may be given once, and that no existing row can get. */
export function unchangeable(staged: Staged, shape: Shape): readonly Column[] {
  return beyondKey(staged, shape).filter(({ identity }) => identity?.kind === 'always')
}

function beyondKey({ step }: Staged, { columns }: Shape): readonly Column[] {
  return columns.flatMap((name) => {
    const column = findColumn(step.table, name)
    return column === undefined || step.key.includes(name) ? [] : [column]
  })
}

/** The assignments that give an existing row what is staged. */
export function setFrom(columns: readonly Column[]): Sql {
  return join(columns.map(({ name }) => sql`${id(name)} = s.${id(name)}`))
}

/** An insertion of staged rows (`s`), up to where they come from. */
export function insertInto({ step: { table } }: Staged, shape: Shape): Sql {
  const columns = join(shape.columns.map((column) => id(column)))
  const values = join(shape.columns.map((column) => sql`s.${id(column)}`))
  const always = shape.columns.some((name) => findColumn(table, name)?.identity?.kind === 'always')
  const overriding = always ? sql` overriding system value` : sql``
  return sql`insert into ${tableSql(table)} (${columns})${overriding} select ${values}`
}

/** One row that a step writes or removes. */
export interface RowChange {
  readonly change: 'insert' | 'update' | 'remove'
  /** Its key, as people read it. */
  readonly key: string
  /** The columns that change; of a new row none. */
  readonly columns: readonly string[]
}

/** What a step does to its table. */
export interface StepDiff {
  readonly inserted: number
  readonly updated: number
  readonly unchanged: number
  readonly removed: number
  /** Row by row, as many as are worth showing. */
  readonly rows: readonly RowChange[]
}

const mostRows = 1_000

/** What the rows of a step would do, without doing it. */
export async function diffStep(db: Queryable, staged: Staged, dialect: CellWorld['dialect']): Promise<StepDiff> {
  const rows: RowChange[] = []
  let [inserted, updated] = [0, 0]
  for (const shape of staged.shapes) {
    const added = await newRows(db, staged, shape)
    inserted += added.count
    rows.push(...added.rows)
    if (staged.step.mode === 'insert-only') continue
    const changed = await changedRows(db, staged, { shape, dialect })
    updated += changed.count
    rows.push(...changed.rows)
  }
  const removed = staged.step.mode === 'sync' ? await rowsToRemove(db, staged) : { count: 0, rows: [] }
  rows.push(...removed.rows)
  return {
    inserted,
    updated,
    unchanged: staged.count - inserted - updated,
    removed: removed.count,
    rows: rows.slice(0, mostRows),
  }
}

interface Listing {
  readonly count: number
  readonly rows: readonly RowChange[]
}

function keyText(alias: 's' | 't', { step }: Staged): Sql {
  return join(step.key.map((column, index) => sql`cast(${id(alias)}.${id(column)} as text) as ${id(`key${index}`)}`))
}

function shownKey({ step, hidden, late }: Staged, found: Readonly<Record<string, unknown>>): string {
  const isLate = (column: string) => [...late.values()].some((columns) => columns.has(column))
  return step.key
    .map((column, index) => {
      const value = found[`key${index}`]
      if (hidden.has(column)) return `${column} (not shown)`
      return value === null && isLate(column) ? `${column} of a new row` : `${column} ${shown(value)}`
    })
    .join(', ')
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.length > 60 ? `${value.slice(0, 59)}…` : value) : 'null'
}

async function newRows(db: Queryable, staged: Staged, shape: Shape): Promise<Listing> {
  const from = sql`from ${stageSql(staged)} as s where ${ofShape(shape)} and ${isNew(staged)}`
  const count = await countOf(db, from)
  if (count === 0) return { count, rows: [] }
  const found = await db.query(sql`select ${keyText('s', staged)} ${from} order by ${row} limit ${literal(mostRows)}`)
  return { count, rows: found.map((one) => ({ change: 'insert', key: shownKey(staged, one), columns: [] })) }
}

async function changedRows(
  db: Queryable,
  staged: Staged,
  { shape, dialect }: { readonly shape: Shape; readonly dialect: CellWorld['dialect'] },
): Promise<Listing> {
  const columns = changeable(staged, shape)
  if (columns.length === 0) return { count: 0, rows: [] }
  const differences = columns.map((column) => differs(column, dialect))
  const from = sql`
    from ${stageSql(staged)} as s join ${tableSql(staged.step.table)} as t on ${keyJoin(staged)}
    where ${ofShape(shape)} and (${join(differences, ' or ')})`
  const count = await countOf(db, from)
  if (count === 0) return { count, rows: [] }
  const flags = join(
    differences.map((difference, index) => sql`case when ${difference} then 1 else 0 end as ${id(`c${index}`)}`),
  )
  const found = await db.query(
    sql`select ${keyText('s', staged)}, ${flags} ${from} order by ${row} limit ${literal(mostRows)}`,
  )
  return {
    count,
    rows: found.map((one) => ({
      change: 'update',
      key: shownKey(staged, one),
      columns: columns.filter((_, index) => Number(one[`c${index}`]) === 1).map(({ name }) => name),
    })),
  }
}

/** The rows of the table that a sync removes. */
export function toRemove(staged: Staged): Sql {
  return sql`not exists (select 1 from ${stageSql(staged)} as s where ${keyJoin(staged)})`
}

async function rowsToRemove(db: Queryable, staged: Staged): Promise<Listing> {
  const from = sql`from ${tableSql(staged.step.table)} as t where ${toRemove(staged)}`
  const count = await countOf(db, from)
  if (count === 0) return { count, rows: [] }
  const found = await db.query(sql`select ${keyText('t', staged)} ${from} limit ${literal(mostRows)}`)
  return { count, rows: found.map((one) => ({ change: 'remove', key: shownKey(staged, one), columns: [] })) }
}

async function countOf(db: Queryable, from: Sql): Promise<number> {
  const [found] = await db.query<{ count: number | bigint }>(sql`select count(*) as count ${from}`)
  return Number(found?.count ?? 0)
}

import { findColumn, findTable, foreignKeys, type Column } from '../catalog/catalog.ts'
import { id, join, literal, sql, type Queryable, type Sql } from '../database/database.ts'
import type { Problems } from './problem.ts'
import { tableKey } from './resolve-references.ts'
import { rowColumn, shapeColumn, stageSql, type Shape, type Staged } from './stage.ts'
import { isUnique, tableSql } from './target.ts'
import type { CellWorld } from './world.ts'

const row = sql`s.${id(rowColumn)}`

/** Which staged rows are of a shape. */
export function ofShape({ number }: Shape): Sql {
  return sql`s.${id(shapeColumn)} = ${literal(number)}`
}

/** What joins a staged row (`s`) to the row of the table (`t`) that has its key. */
export function keyJoin({ step, nullKeys }: Staged): Sql {
  const parts = step.key.map((column) =>
    nullKeys.has(column)
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
  if (dialect === 'sqlite' || (exact.test(column.type) && column.collation === null)) {
    return sql`${old} is distinct from ${staged}`
  }
  return sql`cast(${old} as text) is distinct from cast(${staged} as text)`
}

/** The columns of a shape that an existing row gets. */
export function changeable(staged: Staged, shape: Shape): readonly Column[] {
  return shape.columns.flatMap((name) => {
    const column = findColumn(staged.step.table, name)
    return column === undefined || staged.step.key.includes(name) || shape.kept.has(name) ? [] : [column]
  })
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

const mostFaults = 51

/** Reports what the database would refuse of the staged rows: keys that stand twice, nulls, references to nothing. */
export async function checkStaged(
  db: Queryable,
  staged: Staged,
  {
    problems,
    scene,
    dialect,
    earlier,
  }: { problems: Problems; scene: CellWorld['scene']; dialect: CellWorld['dialect']; earlier: readonly Staged[] },
): Promise<void> {
  await duplicateKeys(db, staged, problems)
  for (const shape of staged.shapes) {
    await missingValues(db, staged, { shape, problems, dialect })
    await missingReferences(db, staged, { shape, problems, scene, earlier })
  }
}

async function duplicateKeys(db: Queryable, staged: Staged, problems: Problems): Promise<void> {
  const { step } = staged
  const keys = join(step.key.map((column) => sql`s.${id(column)}`))
  // Rows whose key depends on a row that is not written yet cannot be compared.
  const known = step.key.some((column) => [...staged.late.values()].some((columns) => columns.has(column)))
  if (known) return
  const twice = await db.query<{ first: number; last: number }>(sql`
    select min(${row}) as first, max(${row}) as last from ${stageSql(staged)} as s
    group by ${keys} having count(*) > 1 order by 1 limit ${literal(mostFaults)}`)
  for (const { first, last } of twice) {
    const message = `Two rows have the same ${step.key.join(', ')}; the first is at ${step.source.place(Number(first))}.`
    problems.add(
      step.source.place(Number(last), step.key[0]),
      message,
      'Keep one of the two, or name a key that tells them apart.',
    )
  }
  if (isUnique(step.table, step.key)) return
  const several = await db.query<{ row: number }>(sql`
    select ${row} as row from ${stageSql(staged)} as s join ${tableSql(step.table)} as t on ${keyJoin(staged)}
    group by ${row} having count(*) > 1 order by 1 limit ${literal(mostFaults)}`)
  for (const one of several) {
    const message = `The table has several rows with this ${step.key.join(', ')}, so that it is not clear which is meant.`
    problems.add(
      step.source.place(Number(one.row)),
      message,
      'Name a key that tells them apart, best one with a unique index.',
    )
  }
}

async function missingValues(
  db: Queryable,
  staged: Staged,
  { shape, problems, dialect }: { shape: Shape; problems: Problems; dialect: CellWorld['dialect'] },
): Promise<void> {
  const { step } = staged
  const required = step.table.columns.filter(
    ({ nullable, generated, type }) =>
      !nullable && generated === null && !(dialect === 'sqlite' && /^integer$/i.test(type)),
  )
  const absent = required.filter(
    (column) => column.default === null && column.identity === null && !shape.columns.includes(column.name),
  )
  if (absent.length > 0) {
    const rows = await db.query<{ row: number }>(sql`
      select ${row} as row from ${stageSql(staged)} as s
      where ${ofShape(shape)} and ${isNew(staged)} order by 1 limit ${literal(mostFaults)}`)
    const names = absent.map(({ name }) => name).join(', ')
    for (const one of rows) {
      const message = `A new row of ${step.table.name} needs a value for ${names}: it cannot be null, and has no default.`
      problems.add(step.source.place(Number(one.row)), message, 'Give it, in the row or in defaults.')
    }
  }
  const given = required.filter(({ name }) => shape.columns.includes(name))
  if (given.length === 0) return
  const secret = new Set(staged.secrets.map(({ row: number, column }) => `${number} ${column}`))
  // One look at the rows for all columns.
  const flags = join(
    given.map(({ name }, index) => sql`case when s.${id(name)} is null then 1 else 0 end as ${id(`n${index}`)}`),
  )
  const nulls = join(
    given.map(({ name }) => sql`s.${id(name)} is null`),
    ' or ',
  )
  const rows = await db.query<Record<string, unknown>>(sql`
    select ${row} as row, ${flags} from ${stageSql(staged)} as s
    where ${ofShape(shape)} and (${nulls}) order by 1 limit ${literal(mostFaults + staged.late.size + secret.size)}`)
  for (const one of rows) {
    const number = Number(one['row'])
    for (const { name } of given.filter((_, index) => Number(one[`n${index}`]) === 1)) {
      if (staged.late.get(number)?.has(name) || secret.has(`${number} ${name}`)) continue
      const remedy = 'Give it a value, or leave it out where it has a default.'
      problems.add(step.source.place(number, name), `The column ${name} cannot be null.`, remedy)
    }
  }
}

async function missingReferences(
  db: Queryable,
  staged: Staged,
  {
    shape,
    problems,
    scene,
    earlier,
  }: { shape: Shape; problems: Problems; scene: CellWorld['scene']; earlier: readonly Staged[] },
): Promise<void> {
  const { step } = staged
  for (const { columns, references, enforced } of foreignKeys(step.table)) {
    if (!enforced || !columns.every((column) => shape.columns.includes(column))) continue
    if (findTable(scene.catalog, references) === undefined) continue
    const pairs = columns.map((column, index) => sql`r.${id(references.columns[index] ?? '')} = s.${id(column)}`)
    const places = [
      tableSql(references),
      ...[...earlier, staged].flatMap((other) =>
        tableKey(other.step.table) === tableKey(references) &&
        references.columns.every((column) => other.columns.includes(column))
          ? [stageSql(other)]
          : [],
      ),
    ]
    const nowhere = places.map((place) => sql`not exists (select 1 from ${place} as r where ${join(pairs, ' and ')})`)
    const given = columns.map((column) => sql`s.${id(column)} is not null`)
    const rows = await db.query<{ row: number }>(sql`
      select ${row} as row from ${stageSql(staged)} as s
      where ${ofShape(shape)} and ${join([...given, ...nowhere], ' and ')} order by 1 limit ${literal(mostFaults)}`)
    for (const one of rows) {
      const number = Number(one.row)
      if (columns.some((column) => staged.late.get(number)?.has(column))) continue
      const message = `There is no row of ${references.name} with this ${references.columns.join(', ')}.`
      problems.add(
        step.source.place(number, columns.at(-1)),
        message,
        'Correct the value, or seed that row before this one.',
      )
    }
  }
}

import type { Column } from '../catalog/catalog.ts'
import { id, join, raw, sql, type Queryable } from '../database/database.ts'
import { isSecret } from './cell.ts'
import { evaluate, identityText, type Prepared } from './evaluate.ts'
import type { KnownValue } from './planned-rows.ts'
import { inSavepoint } from './references.ts'
import { resolveReferences, tableKey, type PendingReference } from './resolve-references.ts'
import type { RowCell, RowChunk } from './row-source.ts'
import {
  rowColumn,
  shapeColumn,
  type ResolvedStep,
  type Shape,
  type Staged,
  type StagedSecret,
  type StageWorld,
} from './staged.ts'
import { columnForm, isMiss, tableSql, writableColumn } from './target.ts'
import type { CellWorld } from './world.ts'

const fewRows = 1_000

type LoadedRow = (string | number | null | Uint8Array)[]

interface BatchRow {
  readonly row: number
  readonly shape: Shape
  readonly values: Prepared[]
}

/** A failure of the database to take the rows as they are, with what it said. */
export class StagingFailed extends Error {}

/** Brings the rows of a step into a temporary table; `only` limits it to some of them. Throws StagingFailed. */
export async function stageRows(world: StageWorld, step: ResolvedStep, only?: ReadonlySet<number>): Promise<Staged> {
  const columns =
    step.source.columns ?? step.table.columns.filter(({ generated }) => generated === null).map(({ name }) => name)
  const known = columns.filter((name) => !isMiss(writableColumn(step.table, name)))
  const path = await createStage(world.tx, world.cells.dialect, step, known)
  const staging: Staging = {
    world,
    step,
    columns: known,
    shapes: new Map(),
    secrets: [],
    late: new Map(),
    nullKeys: new Set(),
    waiting: new Set(),
    unknown: new Set(),
    hidden: new Set(),
  }
  let count = 0
  const batches = batchesOf(staging, only)
  const target = { table: path, columns: [rowColumn, shapeColumn, ...known] }
  for (let next = await batches.next(); next.done !== true;) {
    let held: IteratorResult<Batch, void> = next
    await settleBatch(staging, next.value)
    const rows = async function* (): AsyncGenerator<LoadedRow> {
      // Rows that refer to others need queries, which cannot be asked while a load is under way.
      for (; held.done !== true; held = await batches.next()) {
        if (held.value !== next.value && held.value.pending.length > 0) return
        for (const row of held.value.rows) yield loaded(staging, row)
        count += held.value.rows.length
        world.onRows?.(count)
      }
    }
    if (world.problems.found.length > 0) break
    try {
      await inSavepoint(world.tx, () => world.tx.load(target, rows()))
    } catch (error) {
      if (error instanceof Error && 'engineCode' in error) throw new StagingFailed(error.message, { cause: error })
      throw error
    }
    next = held
  }
  // Nobody else gathers statistics of a temporary table, and without any a join of many rows is planned as one of few.
  if (count > fewRows) await world.tx.query(sql`analyze ${id(...path)}`)
  const { secrets, late, nullKeys, hidden, waiting, shapes } = staging
  return { step, path, columns: known, shapes: [...shapes.values()], count, secrets, late, nullKeys, hidden, waiting }
}

// Rows that are few are remembered, so that later ones can refer to them before they are written.
async function settleBatch(staging: Staging, { rows, pending }: Batch): Promise<void> {
  const { world, step } = staging
  const register = () => {
    if (world.planned === null || step.source.bulk) return
    for (const { row, shape, values } of rows) {
      world.planned.add(tableKey(step.table), { step: step.number, row }, knownValues(shape, values))
    }
  }
  await resolveReferences(world, step, pending, { late: staging.late, waiting: staging.waiting, register })
  if (!step.source.bulk) reportCycle(world, step, edgesOf(step, rows))
}

function knownValues({ columns }: Shape, values: readonly Prepared[]): Map<string, KnownValue> {
  const known = new Map<string, KnownValue>()
  for (const [index, column] of columns.entries()) {
    const value = values[index] ?? null
    if (value === null || typeof value === 'string') known.set(column, value)
    else if ('late' in value && value.late === 'ref' && value.planned !== undefined) {
      known.set(column, { planned: value.planned })
    }
  }
  return known
}

/** From each row to the rows of the same step that must be written before it. */
type Edges = ReadonlyMap<number, readonly number[]>

function edgesOf(step: ResolvedStep, rows: readonly BatchRow[]): Edges {
  return new Map(
    rows.map(({ row, values }) => [
      row,
      values.flatMap((value) => {
        if (typeof value !== 'object' || value === null || !('late' in value) || value.late !== 'ref') return []
        return value.planned?.step === step.number ? [value.planned.row] : []
      }),
    ]),
  )
}

function reportCycle({ problems }: StageWorld, { source }: ResolvedStep, edges: Edges): void {
  const done = new Set<number>()
  for (const start of edges.keys()) {
    const path: number[] = []
    // Depth first, without recursion: rows may refer to each other in a chain of any length.
    const stack = [{ row: start, leave: false }]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (next.leave) {
        done.add(path.pop() ?? next.row)
        continue
      }
      if (done.has(next.row)) continue
      if (path.includes(next.row)) {
        const places = path.slice(path.indexOf(next.row)).map((row) => source.place(row))
        const others = places.slice(1)
        const message =
          others.length === 0
            ? 'The row refers to itself.'
            : `The rows refer to each other in a circle: ${places.join(', ')}.`
        problems.add(
          places[0] ?? source.place(next.row),
          message,
          'Leave one of the references out, and set it in a later step.',
        )
        return
      }
      path.push(next.row)
      stack.push({ row: next.row, leave: true })
      for (const row of edges.get(next.row) ?? []) stack.push({ row, leave: false })
    }
  }
}

interface Staging {
  readonly world: StageWorld
  readonly step: ResolvedStep
  readonly columns: readonly string[]
  readonly shapes: Map<string, Shape>
  readonly secrets: StagedSecret[]
  readonly late: Map<number, Set<string>>
  readonly nullKeys: Set<string>
  readonly waiting: Set<number>
  readonly unknown: Set<string>
  readonly hidden: Set<string>
}

async function createStage(
  tx: Queryable,
  dialect: CellWorld['dialect'],
  { number, table }: ResolvedStep,
  columns: readonly string[],
): Promise<readonly string[]> {
  const name = `metastore_seed_${number}`
  const path = dialect === 'postgres' ? ['pg_temp', name] : ['temp', name]
  const list = join([sql`0 as ${id(rowColumn)}`, sql`0 as ${id(shapeColumn)}`, ...columns.map((column) => id(column))])
  await tx.query(sql`drop table if exists ${id(...path)}`)
  await tx.query(
    sql`create temporary table ${id(name)}${raw(dialect === 'postgres' ? ' on commit drop' : '')} as select ${list} from ${tableSql(table)} where false`,
  )
  return path
}

interface Batch {
  readonly rows: readonly BatchRow[]
  readonly pending: readonly PendingReference[]
}

const batchRows = 1_000

async function* batchesOf(staging: Staging, only: ReadonlySet<number> | undefined): AsyncGenerator<Batch, void> {
  const { step } = staging
  const forms = new Map(step.table.columns.map((column) => [column.name, columnForm(column)]))
  let rows: BatchRow[] = []
  let pending: PendingReference[] = []
  for await (const chunk of step.source.read((column) => forms.get(column) ?? 'plain')) {
    const columns = columnsOf(staging, chunk)
    if (columns === undefined) continue
    for (const [index, cells] of chunk.rows.entries()) {
      const row = chunk.at[index] ?? 0
      if (only !== undefined && !only.has(row)) continue
      rows.push(prepareRow(staging, { row, cells, chunk, columns }, pending))
    }
    if (rows.length < batchRows || !step.source.bulk) continue
    yield { rows, pending }
    ;[rows, pending] = [[], []]
  }
  if (rows.length > 0) yield { rows, pending }
}

// The columns of a chunk; undefined, with the problem reported, when there is one that rows cannot have.
function columnsOf({ world, step, unknown }: Staging, { columns, at }: RowChunk): readonly Column[] | undefined {
  const found = columns.map((name) => writableColumn(step.table, name))
  const good = found.filter((one): one is Column => !isMiss(one))
  for (const name of step.key.filter((one) => !columns.includes(one) && !unknown.has(one))) {
    unknown.add(name)
    const message = `The row gives no ${name}, which is part of the key that tells rows of ${step.table.name} apart.`
    world.problems.add(step.source.place(at[0] ?? 0), message, 'Give it, or name another key: key = ["…"].')
  }
  if (good.length === found.length) return good
  for (const [index, miss] of found.entries()) {
    const name = columns[index] ?? ''
    if (!isMiss(miss) || unknown.has(name)) continue
    unknown.add(name)
    world.problems.add(step.source.place(at[0] ?? 0, name), miss.message, miss.remedy)
  }
  return undefined
}

interface RowToPrepare {
  readonly row: number
  readonly cells: readonly RowCell[]
  readonly chunk: RowChunk
  readonly columns: readonly Column[]
}

function prepareRow(
  staging: Staging,
  { row, cells, chunk, columns }: RowToPrepare,
  pending: PendingReference[],
): BatchRow {
  const { world, step } = staging
  const values: Prepared[] = []
  let kept = ''
  for (const [index, cell] of cells.entries()) {
    const column = columns[index]
    if (column === undefined) continue
    if (cell === null || typeof cell === 'string') {
      values.push(cell)
      continue
    }
    const value = evaluate(world.cells, cell, {
      table: step.table,
      column,
      where: step.source.place(row, column.name),
      directory: step.directory,
      inputs: step.inputs,
      identity: () => identityOf(step, chunk, cells),
    })
    if (isSecret(cell)) staging.hidden.add(column.name)
    if (cell.kind === 'now') kept += `\0${column.name}`
    if (typeof value === 'object' && value !== null && 'late' in value) {
      if (value.late === 'ref') {
        pending.push({ row, column, ref: value.ref, where: value.where, values, index, columns: chunk.columns })
      } else {
        staging.secrets.push({ row, column: column.name, seal: value.seal, plain: value.plain })
      }
    }
    values.push(value ?? null)
  }
  return { row, shape: shapeOf(staging, chunk.columns, kept), values }
}

function identityOf(step: ResolvedStep, { columns }: RowChunk, cells: readonly RowCell[]): string | undefined {
  const texts = step.key.map((column) => identityText(cells[columns.indexOf(column)] ?? null))
  return texts.every((text) => text !== undefined) ? JSON.stringify(texts) : undefined
}

function shapeOf({ shapes }: Staging, columns: readonly string[], kept: string): Shape {
  const name = `${columns.join('\0')}\0\0${kept}`
  const known = shapes.get(name)
  if (known !== undefined) return known
  const shape = { number: shapes.size, columns, kept: new Set(kept.split('\0').slice(1)) }
  shapes.set(name, shape)
  return shape
}

function loaded({ columns, step, nullKeys }: Staging, { row, shape, values }: BatchRow): LoadedRow {
  const line: LoadedRow = [row, shape.number]
  for (const column of columns) {
    const value = values[shape.columns.indexOf(column)] ?? null
    line.push(typeof value === 'object' && value !== null && 'late' in value ? null : value)
  }
  for (const column of step.key) if ((values[shape.columns.indexOf(column)] ?? null) === null) nullKeys.add(column)
  return line
}

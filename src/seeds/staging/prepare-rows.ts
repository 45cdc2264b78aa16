import { findColumn, type Column } from '../../catalog/catalog.ts'
import { isSecret } from '../format/cell.ts'
import { evaluate, identityText, type Prepared } from './evaluate.ts'
import { keyOrder } from './key-order.ts'
import type { PendingReference } from './resolve-references.ts'
import { isPlain, type RowCell, type RowChunk } from '../rows/row-source.ts'
import type { ResolvedStep, Shape, StagedSecret, StageWorld } from './staged.ts'
import { columnForm, isMiss, writableColumn } from '../target.ts'

/** A row as it is loaded into the staging table: its number, its shape, its values. */
export type LoadedRow = (string | number | null | Uint8Array)[]

/** A row with its cells worked out. */
export interface BatchRow {
  readonly row: number
  readonly shape: Shape
  readonly values: readonly Prepared[]
}

/** What is gathered while the rows of a step are staged. */
export interface Staging {
  readonly world: StageWorld
  readonly step: ResolvedStep
  readonly columns: readonly string[]
  readonly shapes: Map<string, Shape>
  readonly secrets: StagedSecret[]
  readonly late: Map<number, Set<string>>
  /** Columns in which a null was met. */
  readonly nullColumns: Set<string>
  /** Whether each key was greater than the one before. */
  keysAscend: boolean
  readonly waiting: Set<number>
  readonly unknown: Set<string>
  readonly hidden: Set<string>
}

/** Some rows, and the references among them that only the database can resolve. */
export interface Batch {
  readonly rows: readonly BatchRow[]
  readonly pending: readonly PendingReference[]
}

const batchRows = 1_000

/** Reads the rows of a step some at a time; `only` limits it to some of them. Rows that are few come as one batch. */
export async function* batchesOf(staging: Staging, only: ReadonlySet<number> | undefined): AsyncGenerator<Batch, void> {
  const { step } = staging
  const forms = new Map(step.table.columns.map((column) => [column.name, columnForm(column)]))
  let rows: BatchRow[] = []
  let pending: PendingReference[] = []
  for await (const chunk of step.source.read((column) => forms.get(column) ?? 'plain')) {
    const columns = columnsOf(staging, chunk)
    if (columns === undefined) continue
    let plain: Shape | undefined
    for (const [index, cells] of chunk.rows.entries()) {
      const row = chunk.at[index] ?? 0
      if (only !== undefined && !only.has(row)) continue
      rows.push(
        isPlain(cells)
          ? { row, shape: (plain ??= shapeOf(staging, chunk.columns, '')), values: cells }
          : prepareRow(staging, { row, cells, chunk, columns }, pending),
      )
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

/** Writes prepared rows as the staging table takes them. The rows of one batch mostly have one shape: its columns are found once. */
export function rowLoader(staging: Staging): (row: BatchRow) => LoadedRow {
  const { columns, nullColumns, step } = staging
  const [key = '', another] = step.key
  const ascends = another === undefined ? keyOrder(findColumn(step.table, key)) : undefined
  const keyAt = columns.indexOf(key) + leading
  const blank = columns.map(() => null)
  let known: Shape | undefined
  let positions: readonly number[] = []
  return ({ row, shape, values }) => {
    if (shape !== known) {
      known = shape
      positions = columns.map((column) => shape.columns.indexOf(column))
    }
    // Of its length from the start: to grow it costs as much as all else here.
    const line: LoadedRow = [row, shape.number, ...blank]
    for (let index = 0; index < positions.length; index += 1) {
      const value = values[positions[index] ?? -1] ?? null
      const text = typeof value === 'object' && value !== null && 'late' in value ? null : value
      if (text === null) nullColumns.add(columns[index] ?? '')
      line[leading + index] = text
    }
    staging.keysAscend = ascends?.(line[keyAt] as Prepared) ?? false
    return line
  }
}

// The row's number and its shape come before its values.
const leading = 2

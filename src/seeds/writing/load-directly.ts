import { DatabaseError, sql, type Dialect, type Queryable } from '../../database/database.ts'
import { inSavepoint } from '../staging/references.ts'
import { isPlain, type RowChunk } from '../rows/row-source.ts'
import { advanceSequences } from './sequences.ts'
import type { ResolvedStep } from '../staging/staged.ts'
import { columnForm, isMiss, isUnique, tableSql, writableColumn } from '../target.ts'

/** A step whose rows are in their table already, uncommitted. */
export interface DirectlyLoaded {
  readonly step: ResolvedStep
  readonly inserted: number
}

/**
 * Loads many plain rows into a table that is empty, without a staging table: there is nothing to compare them with, and the
 * table's own constraints look after the rest. Undefined when that cannot be, or when the database refuses a row: then nothing
 * was written, and staging the rows finds out why.
 */
export async function loadDirectly(
  tx: Queryable,
  step: ResolvedStep,
  { dialect, onRows }: { readonly dialect: Dialect; readonly onRows: (count: number) => void },
): Promise<DirectlyLoaded | undefined> {
  const { table, source, key } = step
  // COPY asks no rule, as an insertion does.
  if (!source.bulk || !isUnique(table, key) || table.rules.length > 0) return undefined
  const forms = new Map(table.columns.map((column) => [column.name, columnForm(column)]))
  const chunks = source.read((name) => forms.get(name) ?? 'plain')[Symbol.asyncIterator]()
  try {
    const first = await chunks.next()
    if (first.done === true) return undefined
    const { columns } = first.value
    if (columns.some((name) => isMiss(writableColumn(table, name))) || key.some((name) => !columns.includes(name)))
      return undefined
    if ((await tx.query(sql`select 1 from ${tableSql(table)} limit 1`)).length > 0) return undefined
    const target = { table: [table.schema, table.name], columns }
    const inserted = await inSavepoint(tx, () => tx.load(target, plainRows(first.value, chunks, onRows)))
    if (dialect === 'postgres') await advanceSequences(tx, table, columns)
    return { step, inserted }
  } catch (error) {
    if (error instanceof NotPlain) return undefined
    if (!(error instanceof DatabaseError) || ['connection_lost', 'canceled'].includes(error.reason)) throw error
    return undefined
  } finally {
    await chunks.return?.()
  }
}

class NotPlain extends Error {}

async function* plainRows(
  first: RowChunk,
  chunks: AsyncIterator<RowChunk>,
  onRows: (count: number) => void,
): AsyncGenerator<RowChunk['rows']> {
  let count = 0
  for (let chunk: RowChunk | undefined = first; chunk !== undefined;) {
    if (chunk.columns !== first.columns && chunk.columns.join('\0') !== first.columns.join('\0')) throw new NotPlain()
    if (!chunk.rows.every(isPlain)) throw new NotPlain()
    yield chunk.rows
    count += chunk.rows.length
    onRows(count)
    const next: IteratorResult<RowChunk> = await chunks.next()
    chunk = next.done === true ? undefined : next.value
  }
}

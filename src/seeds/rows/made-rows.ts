import { MetastoreError } from '../../errors.ts'
import { readingAt, type Reading } from '../format/read-cell.ts'
import { readRow } from '../format/read-data-file.ts'
import type { RowCell, RowSource } from './row-source.ts'
import { scriptValue } from '../format/script-value.ts'
import type { CellEntry } from '../format/seed-document.ts'

type Make = () => AsyncIterable<unknown> | Iterable<unknown> | Promise<Iterable<unknown>>

/** The rows that a function of a script makes, which is called each time they are read. */
export function cellRows(make: Make, defaults: readonly CellEntry[], reading: Reading): RowSource {
  const place = (row: number) => `${reading.source.path}: row ${row}`
  return {
    bulk: true,
    columns: null,
    place,
    async *read() {
      let at = 0
      const { source, problems } = reading
      for await (const row of made(make, () => place(at + 1))) {
        at += 1
        const node = scriptValue(row)
        if (node === undefined) throw notData(place(at))
        const before = problems.found.length
        const { cells } = readRow(readingAt(source, problems, place(at)), node)
        if (problems.found.length > before) continue
        const own = new Set(cells.map(({ column }) => column))
        const all = [...defaults.filter(({ column }) => !own.has(column)), ...cells]
        const values: RowCell[] = all.map(({ cell }) => cell)
        yield { columns: all.map(({ column }) => column), rows: [values], at: [at] }
      }
    },
  }
}

async function* made(make: Make, where: () => string): AsyncGenerator {
  try {
    const rows: unknown = await make()
    if (!isIterable(rows)) throw new TypeError('rows returns no rows: make it a generator, or let it return a list.')
    yield* rows
  } catch (error) {
    throw new MetastoreError({
      code: 'script_failed',
      message: `The seed script threw an error while it made rows: ${error instanceof Error ? error.message : String(error)}`,
      where: where(),
      remedy: 'Mend the script and run again; nothing of this file was kept.',
      cause: error,
    })
  }
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
}

/** The failure of a script whose data no file could hold. */
export function notData(where: string): MetastoreError {
  return new MetastoreError({
    code: 'seed_invalid',
    message: 'The script gives something that no data file could hold, such as a function or a date that is none.',
    where,
    remedy: 'Give texts, numbers, booleans, nulls, dates, bytes, lists and objects of these.',
  })
}

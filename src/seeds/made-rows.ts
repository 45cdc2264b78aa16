import { MetastoreError } from '../errors.ts'
import { readRow } from './read-data-file.ts'
import type { Reading } from './read-cell.ts'
import type { RowCell, RowSource } from './row-source.ts'
import { scriptValue } from './script-value.ts'
import type { CellEntry } from './seed-document.ts'

/** The rows that a function of a script makes, which is called each time they are read. */
export function cellRows(
  make: () => AsyncIterable<unknown> | Iterable<unknown> | Promise<Iterable<unknown>>,
  defaults: readonly CellEntry[],
  reading: Reading,
): RowSource {
  const place = (row: number) => `${reading.source.path}: row ${row}`
  return {
    bulk: true,
    columns: null,
    place,
    async *read() {
      let at = 0
      for await (const row of await make()) {
        at += 1
        const node = scriptValue(row)
        if (node === undefined) throw notData(place(at))
        const { cells } = readRow(reading, node)
        const own = new Set(cells.map(({ column }) => column))
        const all = [...defaults.filter(({ column }) => !own.has(column)), ...cells]
        const values: RowCell[] = all.map(({ cell }) => cell)
        yield { columns: all.map(({ column }) => column), rows: [values], at: [at] }
      }
    },
  }
}

function notData(where: string): MetastoreError {
  return new MetastoreError({
    code: 'seed_invalid',
    message: 'A row that the script makes holds something that no data file could hold, such as a function.',
    where,
    remedy: 'Give texts, numbers, booleans, nulls, dates, bytes, lists and objects of these.',
  })
}

import type { LoadRow, Queryable, RowsOfEach } from '../driver.ts'
import type { Dialect, Sql, SqlValue } from '../sql.ts'
import type { EngineCalls } from './engine.ts'

/** Calls the engine on behalf of a session or a transaction. */
export type Run = <Name extends keyof EngineCalls>(
  name: Name,
  request: EngineCalls[Name]['request'],
) => Promise<EngineCalls[Name]['response']>

// Enough to make the crossing to the worker cheap, and little enough to be held twice.
const loadBatch = 1_000

/** Statements by way of `run`. A stream and a load are several calls: only in a transaction do they belong together. */
export function queryable(dialect: Dialect, run: Run): Queryable {
  return {
    async query<Row extends object>(statement: Parameters<Queryable['query']>[0]) {
      const { rows } = await run('query', statement.bind(dialect))
      return rows as Row[]
    },

    async execute(statement) {
      const { affected } = await run('query', statement.bind(dialect))
      return affected
    },

    async together<Each extends readonly object[]>(statements: readonly Sql[]) {
      const results: Record<string, unknown>[][] = []
      for (const statement of statements) results.push((await run('query', statement.bind(dialect))).rows)
      return results as unknown as RowsOfEach<Each>
    },

    async script(text) {
      await run('script', { text })
    },

    async *stream<Row extends object>(...[statement, options]: Parameters<Queryable['stream']>) {
      const { cursor } = await run('openCursor', statement.bind(dialect))
      try {
        for (let done = false; !done;) {
          const batch = await run('fetch', { cursor, count: options?.batchSize ?? 1_000 })
          yield* batch.rows as Row[]
          done = batch.done
        }
      } finally {
        // A failure has closed it already, and so has the end of the transaction.
        await run('closeCursor', { cursor }).catch(() => {})
      }
    },

    async load(target, rows) {
      let count = 0
      let batch: SqlValue[][] = []
      const flush = async (): Promise<void> => {
        await run('load', { target, rows: batch })
        count += batch.length
        batch = []
      }
      const take = async (list: Iterable<LoadRow>): Promise<void> => {
        for (const row of list) {
          batch.push(row.map(loadValue))
          if (batch.length === loadBatch) await flush()
        }
      }
      if (Symbol.asyncIterator in rows) for await (const list of rows) await take(list)
      else await take(rows)
      // Also for no rows at all: a table that does not exist is an error then too.
      if (batch.length > 0 || count === 0) await flush()
      return count
    },
  }
}

function loadValue(value: LoadRow[number]): SqlValue {
  if (value === undefined || value === null) return null
  if (typeof value !== 'object') return value as SqlValue
  if (value instanceof Date || value instanceof Uint8Array) return value
  return JSON.stringify(value)
}

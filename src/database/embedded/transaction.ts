import type { Transaction, TransactionOptions } from '../driver.ts'
import { type Sql } from '../sql.ts'
import type { Connection } from './connection.ts'
import { type Run, queryable } from './queryable.ts'
import { endedInside, hasFailed } from './session-failure.ts'

/** Runs `work` in a transaction, which the caller has the turn for. `run` throws when the session may not be used any more. */
export async function runTransaction<T>(
  connection: Connection,
  run: Run,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const scope = { open: true }
  try {
    for (const text of connection.engine.begin(options)) await run('script', { text })
    const tx = openTransaction(connection, run, scope)
    const { opening } = options
    if (opening !== undefined) await tx.query(opening)
    const result = await connection.inside.run(scope, () => work(tx))
    await tx.commit()
    return result
  } catch (error) {
    await rollBack(connection)
    throw error
  } finally {
    scope.open = false
  }
}

/**
 * Rolls back what is open. It heeds no signal: an interrupted transaction is rolled back too, and where the engine is gone, so
 * is the transaction.
 */
export async function rollBack(connection: Connection): Promise<void> {
  if (connection.state === 'open') await connection.call('rollBack', null).catch(() => {})
}

function openTransaction(
  connection: Connection,
  run: Run,
  scope: { readonly open: boolean },
): Transaction & { commit(): Promise<void> } {
  const { dialect } = connection.engine
  const last: string[] = []
  let failed: Error | undefined
  // Once the transaction is gone, what follows would not be in it, even where the caller has swallowed the error.
  let gone: Error | undefined
  let over = false

  const guarded: Run = async (name, request) => {
    if (!scope.open || over) throw new Error('The transaction is over.')
    if (gone) throw gone
    try {
      const response = await run(name, request)
      if (response && 'ended' in response && response.ended) {
        gone = endedInside('text' in (request as object) ? (request as { text: string }).text : undefined)
        throw gone
      }
      return response
    } catch (error) {
      if (error instanceof Error) failed ??= error
      if (connection.leftTransaction(error)) gone ??= hasFailed(failed)
      throw error
    }
  }
  const statements = queryable(dialect, guarded)

  return {
    ...statements,
    // In a savepoint, so that a caller who goes on after a failure goes on without any of the rows.
    async load(target, rows) {
      await guarded('script', { text: 'savepoint metastore_load' })
      try {
        const count = await statements.load(target, rows)
        await guarded('script', { text: 'release savepoint metastore_load' })
        return count
      } catch (error) {
        await guarded('script', { text: 'rollback to savepoint metastore_load' }).catch(() => {})
        throw error
      }
    },
    async last(statement) {
      const rows = await statements.query(statement)
      over = true
      return rows as never
    },
    beforeCommit: (statement: Sql) => void last.push(statement.inline(dialect)),
    async commit() {
      if (gone) throw gone
      // Each on a line of its own: one may end with a comment.
      const { committed } = await run('commit', { before: last.join('\n;\n') })
      if (!committed) throw hasFailed(failed)
    },
  }
}

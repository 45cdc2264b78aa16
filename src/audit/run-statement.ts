import {
  dropInvalidIndex,
  prepareIndex,
  withLockRetries,
  type ConcurrentIndex,
  type Engine,
} from '../migrations/migrations.ts'
import type { RepairRun, RepairStatement } from './online.ts'

type Run = Parameters<Parameters<Engine['locked']>[0]>[0]

/**
 * Runs a statement of a repair; what has become of it when it was interrupted is found out by the next audit. Throws
 * DatabaseError, and then what it had begun is taken back.
 */
export async function runStatement(run: Run, { runs, undo }: RepairStatement): Promise<void> {
  for (const [index, each] of runs.entries()) {
    try {
      await runOne(run, each)
    } catch (error) {
      // When that fails too, the error that counts is the first one, and the next audit tells what is left.
      if (index > 0 && undo !== null && !run.signal.aborted) await runOne(run, undo).catch(() => undefined)
      throw error
    }
  }
}

async function runOne(run: Run, { sql, concurrently }: RepairRun): Promise<void> {
  const { session, retry } = run
  const attempt =
    concurrently === null
      ? () => session.transaction((tx) => tx.script(sql.inline('postgres')), { lockTimeout: retry.lockTimeout })
      : () => runConcurrently(run, sql.inline('postgres'), concurrently)
  await withLockRetries(run, attempt)
}

// It waits for everybody who is at work on the table, and may lose a race with them; then it begins anew.
async function runConcurrently(run: Run, text: string, index: ConcurrentIndex): Promise<void> {
  const { happened } = await prepareIndex(run, index, true)
  if (happened) return
  // That of the role is meant for queries.
  await run.session.script('set statement_timeout = 0')
  try {
    await run.session.script(text)
  } catch (error) {
    if (!run.signal.aborted) await dropLeftover(run, index).catch(() => undefined)
    throw error
  }
}

// Writers would go on maintaining it. A rebuilt index has another name until it is ready (PostgreSQL manual, REINDEX).
async function dropLeftover(run: Run, index: ConcurrentIndex): Promise<void> {
  if (index.operation === 'drop') return
  const name = index.operation === 'create' ? index.name : `${index.name}_ccnew`
  await dropInvalidIndex(run, { ...index, operation: 'create', name })
}

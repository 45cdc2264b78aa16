import { failedBecause, id, sql } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { Loss } from '../batch/compiled-batch.ts'
import type { LossCount } from './phase-options.ts'
import { inPhaseTransaction, settings } from './phase-transaction.ts'
import type { BatchWork } from './phase-work.ts'
import { noteStep, type StepNote } from './step-journal.ts'

/** Counts what an abort loses. */
export async function countLosses({ run, batch }: BatchWork, losses: readonly Loss[]): Promise<LossCount[]> {
  const counts: LossCount[] = []
  for (const { what, count } of losses) {
    const rows = await run.session.transaction(
      async (tx) => {
        await tx.script(
          settings(batch.base)
            .map((setting) => setting.inline('postgres'))
            .join(';'),
        )
        return tx.query<{ count: number | bigint }>(count)
      },
      { resetSession: true },
    )
    counts.push({ what, rows: Number(rows[0]?.count ?? 0) })
  }
  return counts
}

/** Whether there is anything to lose. */
export function losesData({ rows }: LossCount): boolean {
  return rows > 0
}

/** Keeps what is lost in tables of that name, numbered where there are several, and says which they are. */
export async function saveLosses(
  work: BatchWork,
  losses: readonly Loss[],
  name: string,
  notes: readonly StepNote[],
): Promise<string[]> {
  const { run, batch } = work
  const counts = await countLosses(work, losses)
  const lost = losses.filter((_, index) => (counts[index]?.rows ?? 0) > 0)
  const saved: string[] = []
  for (const [index, { what, rows }] of lost.entries()) {
    const table = lost.length === 1 ? name : `${name}_${index + 1}`
    saved.push(table)
    const step = { key: `save/${what}`, migration: null, label: `keep what is lost of ${what} in ${table}` }
    if (notes.some(({ phase, step: key }) => phase === 'abort' && key === step.key)) continue
    try {
      await inPhaseTransaction(run, batch.base, {
        locks: [],
        statements: [sql`create table ${id(batch.base, table)} as ${rows}`],
        last: () => [noteStep(run.bookkeeping, batch.id, 'abort', step, { status: 'done' })],
      })
    } catch (error) {
      throw failedBecause(error, 'duplicate_object') ? tableExists(table, error) : error
    }
  }
  return saved
}

function tableExists(table: string, cause: unknown): MetastoreError {
  return new MetastoreError({
    code: 'abort_blocked',
    message: `What would be lost cannot be kept in ${table}: there is something of that name already.`,
    where: `table ${table}`,
    remedy: 'Rename or drop it, and run metastore abort again.',
    cause,
  })
}

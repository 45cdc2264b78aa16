import { versionSchemaName } from '../batch/names.ts'
import type { BackfillBody } from '../batch/phase-step.ts'
import { runBackfill, type BackfillProgress } from '../backfill/run-backfill.ts'
import { inPhaseTransaction } from './phase-transaction.ts'
import type { BodyRun } from './body-run.ts'

/** Brings existing rows up to date, from where an earlier run got to. */
export async function runBackfillBody({ plan }: BackfillBody, { work, note, noting, last }: BodyRun): Promise<void> {
  const { run, batch, options } = work
  const resume = note?.status === 'intent' ? (note.progress as BackfillProgress | null) : null
  await run.session.query(noting({ status: 'intent' }))
  await runBackfill(run, plan, {
    options: { batchSize: 1000, batchDelay: 0, throttle: 0, ...options.backfill },
    resume,
    save: (progress) => noting({ status: 'intent', progress }),
    searchPath: [...(batch.oldVersion === null ? [] : [versionSchemaName(batch.oldVersion)]), batch.base],
  })
  await inPhaseTransaction(run, batch.base, { locks: [], last })
}

import { retrying } from '../retry.ts'
import { explainFailure, type Spot } from './find-failing.ts'
import { isRowFailure, transact, type Job } from './job.ts'
import type { BackfillProgress } from './progress.ts'
import type { Relation } from './relations.ts'
import { statementFor } from './statements.ts'
import { pause } from './walk.ts'

/** Passes once more over the ranges in which rows were locked, and now waits for them. */
export async function revisit(
  job: Job,
  relations: readonly Relation[],
  begin: BackfillProgress,
): Promise<BackfillProgress> {
  let progress = begin
  for (const range of begin.revisit) {
    const relation = relations.find(({ oid }) => oid === range.relation)
    const rest = progress.revisit.slice(1)
    if (relation === undefined) progress = { ...progress, revisit: rest }
    else
      progress = await revisitRange(
        job,
        { relation, rows: { kind: 'range', ...range } },
        { ...progress, revisit: rest },
      )
    job.tell(progress)
    await pause(job, progress, 0)
  }
  return progress
}

async function revisitRange(job: Job, spot: Spot, before: BackfillProgress): Promise<BackfillProgress> {
  const statement = statementFor(job, spot.relation, spot.rows, 'wait')
  try {
    return await retrying(job.context, () =>
      transact(job, 'usual', async (tx) => {
        const [found] = await tx.query<{ rows: number }>(statement)
        const after = { ...before, rows: before.rows + (found?.rows ?? 0), batches: before.batches + 1 }
        tx.beforeCommit(job.save(after))
        return after
      }),
    )
  } catch (error) {
    throw isRowFailure(error) ? await explainFailure(job, spot, error) : error
  }
}

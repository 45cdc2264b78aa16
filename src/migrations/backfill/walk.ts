import { setTimeout as delay } from 'node:timers/promises'
import type { Transaction } from '../../database/database.ts'
import { retrying } from '../retry.ts'
import { interrupted } from './failures.ts'
import { explainFailure, type Spot } from './find-failing.ts'
import { isContended, isRowFailure, transact, type Job } from './job.ts'
import { firstGoal, goesOn, nextGoal, pauseAfter, seen, type Density, type Goal } from './pace.ts'
import { placeAfter, rangeAt } from './place.ts'
import type { BackfillProgress, Place, Range } from './progress.ts'
import { holdOn } from './hold-on.ts'
import type { Relation } from './relations.ts'
import { statementFor, type Locked } from './statements.ts'

/** Passes over all blocks that the table had when it began, batch by batch, and journals each with its rows. */
export async function walk(
  job: Job,
  relations: readonly Relation[],
  begin: BackfillProgress,
): Promise<BackfillProgress> {
  let progress = begin
  let goal = firstGoal(job.options)
  let density: Density | undefined
  await pause(job, progress, 0)
  while (progress.at !== null) {
    const before = job.now()
    const batch = await runBatch(job, { relations, at: progress.at, goal, density }, progress)
    const elapsed = job.now() - before
    progress = batch.progress
    density = batch.density
    goal = nextGoal(goal, elapsed, job.options)
    job.tell(progress)
    await pause(job, progress, pauseAfter(elapsed, job.options))
  }
  return progress
}

/** Ends early, and then fails, when the work is interrupted. */
export async function pause(job: Job, { rows }: BackfillProgress, milliseconds: number): Promise<void> {
  const { signal } = job.context
  if (milliseconds > 0) await delay(milliseconds, undefined, { signal }).catch(() => undefined)
  if (job.options.holds !== undefined) await holdOn(job.context, job.options.holds)
  if (signal.aborted) throw interrupted(job.plan, rows, signal.reason)
}

/** Where a batch begins, and how many rows it is to have. */
interface BatchPlan {
  readonly relations: readonly Relation[]
  readonly at: Place
  readonly goal: Goal
  readonly density: Density | undefined
}

/** What a batch has come to. */
interface Passage {
  readonly rows: number
  readonly at: Place | null
  readonly density: Density | undefined
  readonly ranges: readonly Range[]
}

async function runBatch(
  job: Job,
  plan: BatchPlan,
  progress: BackfillProgress,
): Promise<{ progress: BackfillProgress; density: Density | undefined }> {
  let spot: Spot | undefined
  const attempt = (locked: Locked) =>
    transact(job, locked === 'wait' ? 'moment' : 'usual', async (tx) => {
      const passage = await passOver(plan, job.now, (relation, range) => {
        spot = { relation, rows: { kind: 'range', ...range } }
        return bringUpToDate(job, tx, spot, locked)
      })
      const after = progressAfter(job, progress, passage, locked)
      tx.beforeCommit(job.save(after))
      return { progress: after, density: passage.density }
    })
  try {
    return await attempt('wait').catch((error: unknown) => {
      if (!isContended(error)) throw error
      return retrying(job.context, () => attempt('skip'))
    })
  } catch (error) {
    if (spot !== undefined && isRowFailure(error)) throw await explainFailure(job, spot, error)
    throw error
  }
}

async function passOver(
  plan: BatchPlan,
  now: () => number,
  work: (relation: Relation, range: Range) => Promise<number>,
): Promise<Passage> {
  const before = now()
  const ranges: Range[] = []
  let { density } = plan
  let rows = 0
  let at: Place | null = plan.at
  do {
    const { relation: oid }: Place = at
    const relation = plan.relations.find((each) => each.oid === oid)
    if (relation === undefined) throw new RangeError(`There is no relation ${oid} in the walk.`)
    const range = rangeAt(at, relation, plan.goal - rows, density)
    const found = await work(relation, range)
    const blocks = (range.to - range.from) / relation.slots
    if (blocks >= 1) density = seen(density, found, blocks)
    rows += found
    ranges.push(range)
    at = placeAfter(plan.relations, at, range)
  } while (at !== null && goesOn(rows, plan.goal, now() - before))
  return { rows, at, density, ranges }
}

/** Brings the rows of one range up to date and returns how many those were. */
async function bringUpToDate(job: Job, tx: Transaction, spot: Spot, locked: Locked): Promise<number> {
  const statement = statementFor(job, spot.relation, spot.rows, locked)
  const run = async () => (await tx.query<{ rows: number }>(statement))[0]?.rows ?? 0
  if (job.plan.kind !== 'update' || job.plan.errors !== 'defer') return run()
  // A range with a row that cannot be done is left as it is: its other rows are found when the walk is over.
  await tx.script('savepoint metastore_range')
  try {
    const rows = await run()
    await tx.script('release savepoint metastore_range')
    return rows
  } catch (error) {
    if (!isRowFailure(error)) throw error
    await tx.script('rollback to savepoint metastore_range')
    return 0
  }
}

// Updated rows lose their mark, so those that were left out are found by it; source rows of others have none.
function progressAfter(job: Job, before: BackfillProgress, passage: Passage, locked: Locked): BackfillProgress {
  const { rows, at, ranges } = passage
  const leftOut = job.plan.kind === 'derive' && job.plan.lockSource && locked === 'skip'
  return {
    ...before,
    rows: before.rows + rows,
    batches: before.batches + 1,
    at,
    revisit: leftOut ? [...before.revisit, ...ranges] : before.revisit,
  }
}

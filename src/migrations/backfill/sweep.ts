import { id, raw, sql } from '../../database/database.ts'
import { retrying } from '../retry.ts'
import { rowsUntouched } from './failures.ts'
import { explainFailure } from './find-failing.ts'
import { isRowFailure, transact, type Job } from './job.ts'
import { pauseAfter } from './pace.ts'
import { firstPlace } from './place.ts'
import type { UpdatePlan } from './plan.ts'
import type { BackfillProgress } from './progress.ts'
import { readRelations, type Relation } from './relations.ts'
import { placesArray } from './rows.ts'
import { statementFor } from './statements.ts'
import { pause, walk } from './walk.ts'

/** What is known when nothing is pending any more. */
export interface Swept {
  readonly progress: BackfillProgress
  /** How many rows stay pending because their values cannot be computed, where the plan allows that. */
  readonly deferred: number
}

/**
 * Brings up to date what the walk has not found: rows that were locked or have been moved. Ends when a look at the whole
 * table finds nothing that is pending; thereby it is verified.
 */
export async function sweep(job: Job<UpdatePlan>, begin: BackfillProgress): Promise<Swept> {
  const { schema, table } = job.plan
  const refused = new Map<number, readonly string[]>()
  let progress = begin
  let before = ''
  for (;;) {
    const relations = await readRelations(job.context.session, schema, table)
    const found: string[] = []
    const done = progress.rows
    for (const relation of relations) {
      const kept = refused.get(relation.oid) ?? []
      const places = await pendingPlaces(job, relation, kept)
      found.push(...places.map((place) => `${relation.oid}${place}`))
      const swept = await sweepPlaces(job, relations, relation, places, progress)
      progress = swept.progress
      refused.set(relation.oid, [...kept, ...swept.refused])
    }
    if (found.length === 0) return { progress, deferred: [...refused.values()].flat().length }
    const now = found.join()
    if (progress.rows === done && now === before) throw rowsUntouched(job.plan, found.length)
    before = now
  }
}

// More are not worth to be done one by one: then the whole table is walked again.
const few = 10

async function pendingPlaces(job: Job<UpdatePlan>, relation: Relation, except: readonly string[]): Promise<string[]> {
  const { pending } = job.plan
  const known = except.length === 0 ? sql`` : sql` and t.ctid <> all(${placesArray(except)})`
  const statement = sql`
    select t.ctid::text as place
    from only ${id(relation.schema, relation.name)} as t
    where t.${id(pending)}${known}
    limit ${raw(String(few * job.options.batchSize))}`
  const found = await retrying(job.context, () =>
    transact(job, 'usual', (tx) => tx.query<{ place: string }>(statement)),
  )
  return found.map(({ place }) => place)
}

/** What became of some rows. */
interface SweptPlaces {
  readonly progress: BackfillProgress
  /** Places of the rows whose values cannot be computed. */
  readonly refused: readonly string[]
}

async function sweepPlaces(
  job: Job<UpdatePlan>,
  relations: readonly Relation[],
  relation: Relation,
  places: readonly string[],
  begin: BackfillProgress,
): Promise<SweptPlaces> {
  const { batchSize } = job.options
  if (places.length === few * batchSize && job.plan.errors !== 'defer') {
    return { progress: await walk(job, relations, { ...begin, at: firstPlace(relations) }), refused: [] }
  }
  let progress = begin
  const refused: string[] = []
  for (let next = 0; next < places.length; next += batchSize) {
    const before = job.now()
    const swept = await sweepBatch(job, relation, places.slice(next, next + batchSize), progress)
    progress = swept.progress
    refused.push(...swept.refused)
    job.tell(progress)
    await pause(job, progress, pauseAfter(job.now() - before, job.options))
  }
  return { progress, refused }
}

async function sweepBatch(
  job: Job<UpdatePlan>,
  relation: Relation,
  places: readonly string[],
  before: BackfillProgress,
): Promise<SweptPlaces> {
  const rows = { kind: 'places', places } as const
  try {
    const progress = await retrying(job.context, () =>
      transact(job, 'usual', async (tx) => {
        const [found] = await tx.query<{ rows: number }>(statementFor(job, relation, rows, 'wait'))
        const after = { ...before, rows: before.rows + (found?.rows ?? 0), batches: before.batches + 1 }
        tx.beforeCommit(job.save(after))
        return after
      }),
    )
    return { progress, refused: [] }
  } catch (error) {
    if (!isRowFailure(error)) throw error
    if (job.plan.errors !== 'defer') throw await explainFailure(job, { relation, rows }, error)
    if (places.length === 1) return { progress: before, refused: places }
    const middle = Math.ceil(places.length / 2)
    const first = await sweepBatch(job, relation, places.slice(0, middle), before)
    const second = await sweepBatch(job, relation, places.slice(middle), first.progress)
    return { progress: second.progress, refused: [...first.refused, ...second.refused] }
  }
}

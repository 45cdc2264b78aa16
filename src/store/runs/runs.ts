import { join, sql } from '../../database/database.ts'
import { conflict, notFound } from '../failures.ts'
import type { Run } from './run.ts'
import { type CancelAction, cancelRuns } from './run-cancel.ts'
import { earlierAnswer, keepAnswer } from '../idempotency.ts'
import { createRun, type NewRun } from './run-creation.ts'
import type { Lease } from './run-events.ts'
import { endRun, type Ending, type RunEnd } from './run-end.ts'
import { type RunRow, runColumns } from './run-rows.ts'
import { appendWrites, type RunWrites } from './run-writes.ts'
import { activeStatuses, hasEnded } from './run-status.ts'
import type { RunError } from './run-webhook.ts'
import { settleThreads } from '../threads/thread-status.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { uuids } from '../values.ts'

/** What a run has come to, or where it stands. */
export interface RunOutcome {
  readonly threadId: string
  readonly status: string
  readonly temporary: boolean
  readonly result: unknown
  readonly error: RunError | null
}

/** A run that was asked for. */
export type CreatedRun = RunRow & {
  /** Whether it was made when it was asked for before, under the same key. */
  readonly isRepeated?: boolean
}

/** Which runs of a thread, and what of them. */
export interface RunList {
  readonly limit: number
  readonly offset: number
  readonly status?: string | undefined
  /** The columns that are read; all without it. */
  readonly columns?: readonly string[] | undefined
}

/** A run in the order of its thread. */
export interface PlacedRun {
  readonly run_id: string
  readonly status: string
  /** Grows from run to run. */
  readonly place: string
}

/** Which runs are cancelled: some of a thread, or all with a status. */
export type CancelledRuns =
  { readonly threadId: string; readonly runIds: readonly string[] } | { readonly status: 'pending' | 'running' | 'all' }

/** The runs of a tenant. */
export interface Runs {
  /** Throws `not_found`, `conflict`, `thread_status_mismatch`, `request_invalid`. */
  create(run: NewRun): Promise<CreatedRun>
  /** All of them or none, in their order. Throws what `create` throws. */
  createAll(runs: readonly NewRun[]): Promise<RunRow[]>
  /** Throws `not_found`. */
  get(runId: string, threadId: string | undefined): Promise<RunRow>
  /** The newest first, and how many there are. Throws `not_found` for the thread. */
  list(threadId: string, list: RunList): Promise<{ readonly runs: Partial<RunRow>[]; readonly total: number }>
  /** Where a run stands, with its result when it has ended. Undefined when it is not there. */
  outcome(runId: string, threadId: string | undefined): Promise<RunOutcome | undefined>
  /** Throws `not_found`; a run that has ended stays as it is. */
  cancel(runId: string, threadId: string | undefined, action: CancelAction): Promise<void>
  cancelMany(which: CancelledRuns, action: CancelAction): Promise<void>
  /** Leaves the checkpoints. Throws `not_found`; `conflict` while it has not ended. */
  delete(runId: string, threadId: string): Promise<void>
  /** The first run of a thread that was made after a place, or from which on others follow; undefined when there is none. */
  next(threadId: string, after: string | undefined): Promise<PlacedRun | undefined>
  /** Where a run of a thread stands, by its id; without one, the oldest that has not ended, or else the newest. */
  place(threadId: string, runId: string | undefined): Promise<PlacedRun | undefined>
  /** Stores what a run that a worker has writes, and returns whether the worker still has it. */
  append(lease: Lease, writes: RunWrites): Promise<boolean>
  end(lease: Lease, end: RunEnd): Promise<Ending>
  /** Removes threads that were made for runs that have ended. */
  removeTemporaryThreads(threadIds: readonly string[]): Promise<void>
}

/** The runs that transactions of `run` see. */
export function runs(run: Run): Runs {
  return {
    ...reading(run),
    create: (made) => run((tx) => createOnce(tx, made)),
    createAll: (all) =>
      run(async (tx) => {
        const made: RunRow[] = []
        for (const each of all) made.push(await createRun(tx, each))
        return made
      }),
    cancel: (runId, threadId, action) =>
      run(async (tx) => {
        const found = await tx.first(sql`select run_id from runs where ${one(runId, threadId)}`)
        if (found === undefined) throw notFound('run', runId)
        await cancelRuns(tx, [runId], action, 'free')
      }),
    cancelMany: (which, action) =>
      run(async (tx) => {
        const found = await tx.query<{ run_id: string }>(
          'status' in which
            ? sql`select run_id from runs where status in (${join(statuses(which.status))})`
            : sql`select run_id from runs where thread_id = ${which.threadId} and run_id = any(${uuids(which.runIds)})`,
        )
        const ids = found.map(({ run_id }) => run_id)
        await cancelRuns(tx, ids, action, 'free')
      }),
    delete: (runId, threadId) =>
      run(async (tx) => {
        await tx.query(sql`select thread_id from threads where thread_id = ${threadId} for no key update`)
        const found = await tx.first<{ status: string }>(
          sql`select status from runs where ${one(runId, threadId)} for update`,
        )
        if (found === undefined) throw notFound('run', runId)
        if (!hasEnded(found.status)) {
          throw conflict(`The run ${runId} has not ended.`, 'Cancel it first, or wait for its end.')
        }
        await tx.execute(sql`delete from runs where run_id = ${runId}`)
        await settleThreads(tx, [threadId])
      }),
    append: (lease, writes) => appendWrites(run, lease, writes),
    end: (lease, end) => endRun(run, lease, end),
    async removeTemporaryThreads(threadIds) {
      await run.write(sql`
        delete from threads t
        where t.thread_id = any(${uuids(threadIds)}) and t.status <> 'busy' and exists (
          select from runs r where r.tenant_id = t.tenant_id and r.thread_id = t.thread_id and r.temporary)`)
    },
  }
}

async function createOnce(tx: StoreTransaction, wanted: NewRun): Promise<CreatedRun> {
  const { key } = wanted
  if (key === undefined) return createRun(tx, wanted, true)
  const earlier = await earlierAnswer(tx, key)
  if (earlier === undefined) {
    const made = await createRun(tx, wanted)
    await keepAnswer(tx, key, { run_id: made.run_id })
    return made
  }
  const { run_id } = earlier.answer as { readonly run_id: string }
  const found = await tx.first<RunRow>(sql`
    select ${runColumns(sql`runs`)} from runs where ${one(run_id, undefined)}`)
  if (found !== undefined) return { ...found, isRepeated: true }
  throw conflict(
    `The request with this Idempotency-Key made the run ${run_id}, which is gone.`,
    'Send a request with another key to make another run.',
  )
}

function reading(run: Run): Pick<Runs, 'get' | 'list' | 'outcome' | 'next' | 'place'> {
  return {
    async get(runId, threadId) {
      const [found] = await run.read<RunRow>(
        sql`select ${runColumns(sql`runs`)} from runs where ${one(runId, threadId)}`,
      )
      if (found === undefined) throw notFound('run', runId)
      return found
    },
    list: (threadId, { limit, offset, status, columns }) =>
      run(async (tx) => {
        const thread = await tx.first(sql`select thread_id from threads where thread_id = ${threadId}`)
        if (thread === undefined) throw notFound('thread', threadId)
        const wanted = sql`thread_id = ${threadId}${status === undefined ? sql`` : sql` and status = ${status}`}`
        const found = await tx.query<Partial<RunRow>>(sql`
          select ${runColumns(sql`runs`, columns)} from runs where ${wanted}
          order by created_at desc, run_id limit ${limit} offset ${offset}`)
        const counted = await tx.first<{ total: number }>(sql`select count(*) as total from runs where ${wanted}`)
        return { runs: found, total: counted?.total ?? 0 }
      }),
    async outcome(runId, threadId) {
      const [found] = await run.read<OutcomeRow>(sql`
        select thread_id, status, temporary, error, result, convert_from(result_exact, 'UTF8') as exact
        from runs where ${one(runId, threadId)}`)
      if (found === undefined) return undefined
      const { thread_id, status, temporary, error, result, exact } = found
      return {
        threadId: thread_id,
        status,
        temporary,
        error,
        result: exact === null ? result : (JSON.parse(exact) as unknown),
      }
    },
    async next(threadId, after) {
      const [found] = await run.read<PlacedRun>(sql`
        select run_id, status, created_at::text as place from runs
        where thread_id = ${threadId}${after === undefined ? sql`` : sql` and created_at > ${after}::timestamptz`}
        order by created_at limit 1`)
      return found
    },
    async place(threadId, runId) {
      const [found] = await run.read<PlacedRun>(sql`
        select run_id, status, created_at::text as place from runs
        where thread_id = ${threadId}${runId === undefined ? sql`` : sql` and run_id = ${runId}`}
        order by case when status in ('pending', 'running') then created_at end nulls last, created_at desc limit 1`)
      return found
    },
  }
}

interface OutcomeRow {
  readonly thread_id: string
  readonly status: string
  readonly temporary: boolean
  readonly error: RunError | null
  readonly result: unknown
  readonly exact: string | null
}

function one(runId: string, threadId: string | undefined) {
  return threadId === undefined ? sql`run_id = ${runId}` : sql`run_id = ${runId} and thread_id = ${threadId}`
}

function statuses(status: 'pending' | 'running' | 'all') {
  return (status === 'all' ? activeStatuses : [status]).map((each) => sql`${each}`)
}

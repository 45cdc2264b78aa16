import { join, sql, type Sql } from '../../database/database.ts'
import { conflict, notFound } from '../failures.ts'
import type { NumberedPage } from '../numbered-page.ts'
import type { Run } from '../runs/run.ts'
import { columnsOf, expired, present, type Thread, type TimeToLive } from './thread.ts'
import { copyThread } from './thread-copies.ts'
import { pruneThreads, type PruneStrategy } from './thread-pruning.ts'
import { countThreads, type FoundThread, searchThreads, type ThreadFilter, type ThreadQuery } from './thread-search.ts'
import { saveThreadState, type StateProjection } from './thread-status.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { json, type JsonObject, refuseNul } from '../values.ts'

/** What is said of a thread when it is made. */
export interface NewThread {
  readonly threadId?: string | undefined
  /** `graph_id` in it says whose state the thread has. */
  readonly metadata?: JsonObject | undefined
  readonly config?: JsonObject | undefined
  /** Whose it is; the owner's whose threads alone are seen, if nobody else's. */
  readonly userId?: string | undefined
  readonly ttl?: TimeToLive | undefined
}

/** A change of a thread. Metadata is merged; `ttl: null` lets it live for ever. */
export interface ThreadChange {
  readonly metadata?: JsonObject | undefined
  readonly ttl?: TimeToLive | null | undefined
}

/** The threads of a tenant. One whose time is over is not there. */
export interface Threads {
  /** Throws `not_found`. */
  get(threadId: string): Promise<Thread>
  /** Throws `conflict` where the id is taken, unless the one that is there will do. */
  create(thread: NewThread, ifExists?: 'raise' | 'do_nothing'): Promise<Thread>
  /** Throws `not_found`. */
  update(threadId: string, change: ThreadChange): Promise<Thread>
  /** Removes it with all that it has, and cancels its runs. Throws `not_found`. */
  remove(threadId: string): Promise<void>
  search(query: ThreadQuery): Promise<NumberedPage<FoundThread>>
  count(filter: ThreadFilter): Promise<number>
  /** A new thread with the same state and history, and without runs. Throws `not_found`. */
  copy(threadId: string): Promise<Thread>
  /** Removes threads, or all of their history but the newest; says how many. Those with a run to do are left alone. */
  prune(threadIds: readonly string[], strategy: PruneStrategy): Promise<number>
  /** Keeps what is known of the newest state, and the status that follows from it. */
  saveState(threadId: string, state: StateProjection): Promise<void>
}

/** The threads that transactions of `run` see. */
export function threads(run: Run): Threads {
  return {
    get: (threadId) => find(run, threadId),
    create: (thread, ifExists = 'raise') => create(run, thread, ifExists),
    update: (threadId, change) => update(run, threadId, change),
    remove: (threadId) => run((tx) => remove(tx, threadId)),
    search: (query) => searchThreads(run, query),
    count: (filter) => run((tx) => countThreads(tx, filter)),
    copy: (threadId) => run((tx) => copyThread(tx, threadId)),
    prune: (threadIds, strategy) => run((tx) => pruneThreads(tx, threadIds, strategy)),
    saveState: (threadId, state) => run((tx) => saveThreadState(tx, threadId, state)),
  }
}

async function find(run: Run, threadId: string): Promise<Thread> {
  const [found] = await run.read<Thread>(sql`
    select ${columnsOf()} from threads where ${present} and threads.thread_id = ${threadId}`)
  if (found === undefined) throw notFound('thread', threadId)
  return found
}

async function create(run: Run, thread: NewThread, ifExists: 'raise' | 'do_nothing'): Promise<Thread> {
  const { threadId, metadata = {}, config = {}, userId = null, ttl } = thread
  refuseNul({ metadata, config }, '')
  const insertion = sql`
    insert into threads
      (tenant_id, thread_id, user_id, metadata, config, ttl_minutes, ttl_strategy, state_updated_at)
    values (
      current_tenant(), ${threadId === undefined ? sql`new_id()` : sql`${threadId}::uuid`},
      coalesce(${userId}::uuid, current_owner()), ${json(metadata)}, ${json(config)}, ${ttl?.minutes ?? null}, ${ttl?.strategy ?? null}, now())
    on conflict (tenant_id, thread_id) do nothing
    returning ${columnsOf()}`
  const [made] = await run.write<Thread>(insertion)
  if (made !== undefined) return made
  // The one that is in the way may be there no more for anybody but the sweep.
  const again = await run(async (tx) => {
    const gone = await tx.execute(sql`
      delete from threads where tenant_id = current_tenant() and thread_id = ${threadId ?? null} and ${expired}`)
    return gone > 0 ? tx.first<Thread>(insertion) : undefined
  })
  if (again !== undefined) return again
  if (ifExists === 'do_nothing') return find(run, threadId ?? '')
  throw conflict(
    `There is a thread ${threadId} already.`,
    'Choose another id, or ask for if_exists: "do_nothing" to get the one that is there.',
  )
}

async function update(run: Run, threadId: string, { metadata, ttl }: ThreadChange): Promise<Thread> {
  refuseNul({ metadata }, '')
  const changes: Sql[] = [sql`metadata = metadata || ${json(metadata ?? {})}`]
  if (ttl !== undefined) {
    changes.push(sql`ttl_minutes = ${ttl?.minutes ?? null}, ttl_strategy = ${ttl?.strategy ?? null}`)
  }
  const [changed] = await run.write<Thread>(sql`
    update threads set ${join(changes)}
    where ${present} and thread_id = ${threadId}
    returning ${columnsOf()}`)
  if (changed === undefined) throw notFound('thread', threadId)
  return changed
}

async function remove(tx: StoreTransaction, threadId: string): Promise<void> {
  // Whoever has the row begins no run meanwhile.
  const found = await tx.first(sql`
    select thread_id from threads where ${present} and thread_id = ${threadId} for update`)
  if (found === undefined) throw notFound('thread', threadId)
  const active = await tx.query<{ run_id: string }>(sql`
    select run_id from runs
    where tenant_id = current_tenant() and thread_id = ${threadId} and status in ('pending', 'running')`)
  // With it go its runs, so that a worker that still has one finds that it has it no more.
  await tx.execute(sql`delete from threads where tenant_id = current_tenant() and thread_id = ${threadId}`)
  for (const { run_id } of active) tx.wake('cancel', run_id)
}

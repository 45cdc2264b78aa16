import { MetastoreError } from '../../errors.ts'
import { sql, type Sql } from '../../database/database.ts'
import { assistantIdOf } from '../assistants.ts'
import { isUnstorable } from '../exact-json.ts'
import { conflict, notFound } from '../failures.ts'
import type { IdempotencyKey } from '../idempotency.ts'
import { cancelRuns, type CancelAction } from './run-cancel.ts'
import { type RunRow, runColumns } from './run-rows.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { json, type JsonObject, refuseNul } from '../values.ts'

/** What becomes of a run when its thread is busy. */
export type MultitaskStrategy = 'reject' | 'enqueue' | CancelAction

/** A run as it is asked for. */
export interface NewRun {
  /** Or the name of a graph. */
  readonly assistantId: string
  /** Undefined: in a thread that is made for it. */
  readonly threadId: string | undefined
  /** Whether that thread goes when the run has ended. */
  readonly temporary: boolean
  readonly ifThreadMissing: 'create' | 'reject'
  readonly multitaskStrategy: MultitaskStrategy
  /** The statuses in which the thread has to be. */
  readonly ifThreadStatus: readonly string[] | undefined
  /** Whether an answer to a question is refused when no question is open. */
  readonly strictResume: boolean
  readonly afterSeconds: number
  readonly webhook: string | undefined
  readonly input: unknown
  readonly command: { readonly resume?: unknown; readonly update?: unknown; readonly goto?: unknown } | undefined
  readonly config: JsonObject
  readonly context: JsonObject
  readonly metadata: JsonObject
  /** How it is executed and streamed, under the names of the protocol. */
  readonly options: JsonObject
  /** The user that a thread is made for. */
  readonly userId: string | undefined
  /** A worker that takes it at once where nothing stands before it. */
  readonly claim: { readonly worker: string; readonly leaseSeconds: number } | undefined
  /** Under which it is made once. */
  readonly key?: IdempotencyKey | undefined
}

/** Where a run goes, and what it goes by. */
interface Place {
  readonly thread_id: string
  readonly thread_status: string
  readonly waiting: boolean
  readonly thread_metadata: JsonObject
  readonly thread_config: JsonObject
  readonly assistant_id: string | null
  readonly graph_id: string
  readonly config: JsonObject
  readonly context: JsonObject
  readonly metadata: JsonObject
}

/**
 * Makes a run, in a transaction that is under way, or of which it `isAll`; what becomes of it on a busy thread is decided while the
 * thread is locked. Throws `not_found`, `conflict`, `thread_status_mismatch`, `request_invalid`.
 */
export async function createRun(tx: StoreTransaction, run: NewRun, isAll = false): Promise<RunRow> {
  for (const field of ['config', 'context', 'metadata', 'options'] as const) {
    refuseNul(run[field], field === 'options' ? '' : field)
  }
  const place = run.threadId === undefined ? await newPlace(tx, run) : await placeInThread(tx, run, run.threadId)
  if (place?.assistant_id == null) throw notFound('assistant', run.assistantId)
  const insertion = insertionOf(tx, run, place)
  // Nobody is to be told of it: it is taken, and nobody can wait for what a thread tells that is only made now.
  const isQuiet = run.threadId === undefined && run.claim !== undefined && run.afterSeconds === 0
  const [made] = await (isAll && isQuiet ? tx.last<RunRow>(insertion) : tx.query<RunRow>(insertion))
  if (made === undefined) throw new Error('A run was not inserted.')
  if (made.status === 'pending') tx.wake('run', made.run_id)
  if (run.threadId !== undefined) tx.wake('event', `thread:${made.thread_id}`)
  return made
}

// One's own comes before a shared one of the same id.
function wanted({ assistantId }: NewRun): Sql {
  return sql`
    a.tenant_id in (current_tenant(), shared_tenant()) and a.assistant_id = ${assistantIdOf(assistantId)} and a.is_active`
}

const ofAssistant = sql`a.assistant_id, a.graph_id, a.config, a.context, a.metadata`

// The thread is there before its run: whose it is decides who may write what belongs to it.
async function newPlace(tx: StoreTransaction, run: NewRun): Promise<Place | undefined> {
  return tx.first<Place>(sql`
    with a as (
      select ${ofAssistant} from assistants a where ${wanted(run)} order by a.tenant_id desc limit 1
    ), thread as (
      insert into threads (tenant_id, thread_id, user_id, assistant_id, status, metadata)
      select ${tx.tenantId}, new_id(), ${run.userId ?? null}::uuid, a.assistant_id, 'busy',
        jsonb_build_object('graph_id', a.graph_id, 'assistant_id', a.assistant_id)
      from a
      returning thread_id
    )
    select thread.thread_id, 'idle' as thread_status, false as waiting, '{}'::jsonb as thread_metadata,
      '{}'::jsonb as thread_config, ${ofAssistant}
    from a, thread`)
}

async function placeInThread(tx: StoreTransaction, run: NewRun, threadId: string): Promise<Place | undefined> {
  if (run.ifThreadMissing === 'create') {
    await tx.execute(sql`
      insert into threads (tenant_id, thread_id, user_id) values (${tx.tenantId}, ${threadId}, ${run.userId ?? null})
      on conflict (tenant_id, thread_id) do nothing`)
  }
  const place = await tx.first<Place>(sql`
    select t.thread_id, t.status as thread_status, (t.next_nodes <> '{}' or t.interrupts <> '{}') as waiting, t.metadata as thread_metadata, t.config as thread_config,
      ${ofAssistant}
    from threads t left join assistants a on ${wanted(run)}
    where t.thread_id = ${threadId} and (t.expires_at is null or t.expires_at > now() or t.ttl_strategy = 'keep_latest' or t.status = 'busy')
    order by a.tenant_id desc nulls last limit 1 for no key update of t`)
  if (place === undefined) throw notFound('thread', threadId)
  if (run.ifThreadStatus !== undefined && !run.ifThreadStatus.includes(place.thread_status)) {
    throw new MetastoreError({
      code: 'thread_status_mismatch',
      message: `The thread is ${place.thread_status}, and not ${run.ifThreadStatus.join(' or ')}.`,
      remedy: 'Look at the thread, and send what goes with its status.',
    })
  }
  if (place.assistant_id !== null) await makeWay(tx, run, place)
  return place
}

async function makeWay(tx: StoreTransaction, run: NewRun, place: Place): Promise<void> {
  // After the lock and in a statement of its own, so that it sees what was made while the lock was waited for.
  const active =
    run.multitaskStrategy === 'enqueue' && run.command?.resume === undefined
      ? []
      : await tx.query<{ run_id: string }>(sql`
          select run_id from runs where thread_id = ${place.thread_id} and status in ('pending', 'running')
          order by created_at`)
  if (active.length > 0) {
    if (run.multitaskStrategy === 'enqueue') return
    if (run.multitaskStrategy !== 'reject') {
      const ids = active.map(({ run_id }) => run_id)
      return cancelRuns(tx, ids, run.multitaskStrategy, 'locked')
    }
    throw conflict(
      `The thread ${place.thread_id} has a run that has not ended.`,
      'Wait for its end, cancel it, or choose another multitask_strategy.',
    )
  }
  if (run.command?.resume !== undefined && run.strictResume && !place.waiting) {
    throw conflict(
      `The thread ${place.thread_id} waits for no answer.`,
      'Look at its interrupts; somebody may have answered already.',
    )
  }
}

function insertionOf(tx: StoreTransaction, run: NewRun, place: Place): Sql {
  const own = run.threadId === undefined
  const named: JsonObject = { graph_id: place.graph_id, assistant_id: place.assistant_id ?? '' }
  const metadata = { ...place.metadata, ...place.thread_metadata, ...named, ...run.metadata }
  const due = sql`now() + ${run.afterSeconds}::double precision * interval '1 second'`
  const { claim } = run
  const thread = own
    ? sql``
    : sql`, thread as (
      update threads t set status = 'busy', assistant_id = ${place.assistant_id}, metadata = t.metadata || ${json(named)}
      where t.thread_id = ${place.thread_id}
    )`
  return sql`
    with place as (
      select ${claim !== undefined && run.afterSeconds === 0} and not exists (
          select from runs where thread_id = ${place.thread_id} and status in ('pending', 'running')) as taken,
        -- In the order in which the thread was locked, on coarse clocks too.
        greatest(clock_timestamp(), (
          select max(created_at) + interval '1 microsecond' from runs where thread_id = ${place.thread_id})) as created_at
    )${thread}, made as (
      insert into runs (tenant_id, thread_id, assistant_id, created_at, updated_at, not_before, status, attempt, claimed_by,
        lease_until, started_at, multitask_strategy, temporary, webhook, metadata, kwargs)
      select ${tx.tenantId}, ${place.thread_id}, ${place.assistant_id}, p.created_at, p.created_at, ${due},
        case when p.taken then 'running' else 'pending' end, p.taken::integer,
        case when p.taken then ${claim?.worker ?? null} end,
        case when p.taken then now() + ${claim?.leaseSeconds ?? 0}::double precision * interval '1 second' end,
        case when p.taken then now() end, ${run.multitaskStrategy}, ${run.temporary}, ${run.webhook ?? null},
        ${json(metadata)}, ${json(kwargsOf(run, place, named))}
      from place p
      returning *
    ), told as (
      insert into run_events (tenant_id, run_id, seq, at, event, data)
      select tenant_id, run_id, 0, created_at, 'metadata', jsonb_build_object('run_id', run_id, 'attempt', 1) from made
    )
    select ${runColumns(sql`made`)} from made`
}

// What the run is executed with, whatever becomes of its assistant meanwhile.
function kwargsOf(run: NewRun, place: Place, named: JsonObject): JsonObject {
  const merged = mergeConfigs(place.config, place.thread_config, run.config)
  const configurable = { ...(merged['configurable'] as JsonObject), thread_id: place.thread_id, ...named }
  return {
    ...run.options,
    ...named,
    config: { ...merged, configurable },
    context: { ...place.context, ...run.context },
    ...kept('input', run.input),
    ...kept('command', run.command),
  }
}

/** Later ones over earlier ones; what is in `configurable` and `metadata` key by key, and tags joined. */
function mergeConfigs(...configs: readonly JsonObject[]): JsonObject {
  const merged = (all: readonly unknown[]): JsonObject => Object.assign({}, ...all) as JsonObject
  const objects = (key: string): JsonObject => merged(configs.map((config) => config[key]))
  const tags = configs.flatMap((config) => (Array.isArray(config['tags']) ? (config['tags'] as string[]) : []))
  const metadata = objects('metadata')
  return {
    ...merged(configs),
    configurable: objects('configurable'),
    ...(tags.length > 0 ? { tags: [...new Set(tags)] } : {}),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  }
}

// What jsonb cannot hold is kept as the text of its JSON; `given` reads it back.
function kept(name: string, value: unknown): JsonObject {
  if (value === undefined) return {}
  const text = JSON.stringify(value)
  return isUnstorable(text) ? { [`${name}_json`]: text } : { [name]: value as JsonObject }
}

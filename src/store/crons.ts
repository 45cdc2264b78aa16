import { id, join, sql, type Sql } from '../database/database.ts'
import { assistantIdOf } from './assistants.ts'
import { notFound } from './failures.ts'
import { type NumberedPage, pageOf } from './numbered-page.ts'
import type { CronsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import { present } from './threads/thread.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { json, type JsonObject, refuseNul } from './values.ts'

/** What makes runs again and again, by a schedule. */
export interface Cron extends Omit<CronsRow, 'payload' | 'metadata'> {
  /** What its runs are asked for with, under the names of the protocol. */
  readonly payload: JsonObject
  readonly metadata: JsonObject
}

/** What is said of a cron. */
export interface CronDetails {
  readonly schedule: string
  readonly timezone: string
  readonly endTime: Date | null
  readonly enabled: boolean
  readonly onRunCompleted: string
  readonly payload: JsonObject
  readonly metadata: JsonObject
  /** The next time of its schedule; null when there is none. */
  readonly nextRunDate: Date | null
}

/** A cron as it is asked for. */
export interface NewCron extends CronDetails {
  /** Or the name of a graph. */
  readonly assistantId: string
  /** Undefined: each of its runs is in a thread of its own. */
  readonly threadId: string | undefined
  readonly userId: string | undefined
}

/** Which crons. */
export interface CronFilter {
  readonly assistantId?: string | undefined
  readonly threadId?: string | undefined
  readonly enabled?: boolean | undefined
  /** What the metadata contains. */
  readonly metadata?: JsonObject | undefined
}

/** By what crons are sorted. */
export const cronOrders = [
  'cron_id',
  'assistant_id',
  'thread_id',
  'created_at',
  'updated_at',
  'next_run_date',
  'end_time',
] as const

/** Which crons, in which order, from which one on. */
export interface CronQuery extends CronFilter {
  readonly limit: number
  readonly offset: number
  readonly sortBy?: (typeof cronOrders)[number] | undefined
  readonly sortOrder?: 'asc' | 'desc' | undefined
}

/** The crons of a tenant. */
export interface Crons {
  /** Throws `not_found` for the assistant or the thread. */
  create(cron: NewCron): Promise<Cron>
  /** Throws `not_found`. */
  get(cronId: string): Promise<Cron>
  /** Changes what `change` says of the cron as it is. Throws `not_found`, and what `change` throws. */
  update(cronId: string, change: (cron: Cron) => CronDetails): Promise<Cron>
  /** Throws `not_found`. */
  remove(cronId: string): Promise<void>
  search(query: CronQuery): Promise<NumberedPage<Cron>>
  count(filter: CronFilter): Promise<number>
  /** Takes the time that is due, for whoever takes it first; undefined when somebody has taken it, or it is due no more. */
  take(cronId: string, occurrence: number, nextRunDate: Date | undefined): Promise<Cron | undefined>
}

/** The crons that transactions of `run` see. */
export function crons(run: Run): Crons {
  return {
    create: (cron) => run((tx) => create(tx, cron)),
    get: (cronId) => run((tx) => find(tx, cronId, sql``)),
    update: (cronId, change) =>
      run(async (tx) => update(tx, cronId, change(await find(tx, cronId, sql`for no key update`)))),
    remove: (cronId) =>
      run(async (tx) => {
        const gone = await tx.execute(sql`delete from crons where ${one(cronId)}`)
        if (gone === 0) throw notFound('cron', cronId)
      }),
    search: (query) =>
      run((tx) => {
        const { sortBy = 'created_at', sortOrder = 'desc', limit, offset } = query
        const direction = sortOrder === 'asc' ? sql`asc` : sql`desc`
        // Where there is no null, the index has the order without these words alone.
        const nulls = withNulls.has(sortBy) ? sql`nulls last` : sql``
        return pageOf<Cron>(tx, {
          columns,
          from: sql`crons where ${condition(query)}`,
          order: sql`${id('crons', sortBy)} ${direction} ${nulls}, crons.cron_id ${direction}`,
          limit,
          offset,
        })
      }),
    count: (filter) =>
      run(async (tx) => {
        const found = await tx.first<{ total: number }>(
          sql`select count(*)::int as total from crons where ${condition(filter)}`,
        )
        return found?.total ?? 0
      }),
    take: (cronId, occurrence, nextRunDate) =>
      run((tx) =>
        tx.first<Cron>(sql`
          update crons set occurrence_seq = occurrence_seq + 1, next_run_date = ${nextRunDate ?? null}::timestamptz
          where ${one(cronId)} and occurrence_seq = ${occurrence} and enabled and next_run_date <= now()
          returning ${columns}`),
      ),
  }
}

const withNulls: ReadonlySet<string> = new Set<(typeof cronOrders)[number]>(['thread_id', 'next_run_date', 'end_time'])

const columns = join(
  [
    'tenant_id',
    'cron_id',
    'assistant_id',
    'thread_id',
    'user_id',
    'created_at',
    'updated_at',
    'end_time',
    'next_run_date',
    'occurrence_seq',
    'enabled',
    'schedule',
    'timezone',
    'on_run_completed',
    'payload',
    'metadata',
  ].map((name) => id('crons', name)),
)

function one(cronId: string): Sql {
  return sql`crons.tenant_id = current_tenant() and crons.cron_id = ${cronId}`
}

async function find(tx: StoreTransaction, cronId: string, lock: Sql): Promise<Cron> {
  const found = await tx.first<Cron>(sql`select ${columns} from crons where ${one(cronId)} ${lock}`)
  if (found === undefined) throw notFound('cron', cronId)
  return found
}

async function create(tx: StoreTransaction, cron: NewCron): Promise<Cron> {
  refuse(cron)
  const { assistantId, threadId, userId } = cron
  const assistant = await tx.first<{ assistant_id: string }>(sql`
    select a.assistant_id from assistants a
    where a.tenant_id in (current_tenant(), shared_tenant()) and a.assistant_id = ${assistantIdOf(assistantId)}
      and a.is_active
    limit 1`)
  if (assistant === undefined) throw notFound('assistant', assistantId)
  if (threadId !== undefined) {
    const thread = await tx.first(sql`
      select thread_id from threads where ${present} and thread_id = ${threadId} for key share`)
    if (thread === undefined) throw notFound('thread', threadId)
  }
  const made = await tx.first<Cron>(sql`
    insert into crons (tenant_id, assistant_id, thread_id, user_id, schedule, timezone, end_time, enabled,
      on_run_completed, payload, metadata, next_run_date)
    values (${tx.tenantId}, ${assistant.assistant_id}, ${threadId ?? null}, ${userId ?? null}, ${cron.schedule},
      ${cron.timezone}, ${cron.endTime}::timestamptz, ${cron.enabled}, ${cron.onRunCompleted}, ${json(cron.payload)},
      ${json(cron.metadata)}, ${cron.nextRunDate}::timestamptz)
    returning ${columns}`)
  if (made === undefined) throw new Error('A cron was not inserted.')
  tx.wake('cron', made.cron_id)
  return made
}

async function update(tx: StoreTransaction, cronId: string, cron: CronDetails): Promise<Cron> {
  refuse(cron)
  const changed = await tx.first<Cron>(sql`
    update crons set schedule = ${cron.schedule}, timezone = ${cron.timezone}, end_time = ${cron.endTime}::timestamptz,
      enabled = ${cron.enabled}, on_run_completed = ${cron.onRunCompleted}, payload = ${json(cron.payload)},
      metadata = ${json(cron.metadata)}, next_run_date = ${cron.nextRunDate}::timestamptz
    where ${one(cronId)}
    returning ${columns}`)
  if (changed === undefined) throw notFound('cron', cronId)
  tx.wake('cron', cronId)
  return changed
}

function refuse({ payload, metadata }: CronDetails): void {
  refuseNul(payload, '')
  refuseNul(metadata, 'metadata')
}

function condition({ assistantId, threadId, enabled, metadata }: CronFilter): Sql {
  refuseNul({ metadata }, '')
  const all: Sql[] = [sql`crons.tenant_id = current_tenant()`]
  if (assistantId !== undefined) all.push(sql`crons.assistant_id = ${assistantIdOf(assistantId)}`)
  if (threadId !== undefined) all.push(sql`crons.thread_id = ${threadId}`)
  if (enabled !== undefined) all.push(sql`crons.enabled = ${enabled}`)
  if (metadata !== undefined) all.push(sql`crons.metadata @> ${json(metadata)}`)
  return join(all, ' and ')
}

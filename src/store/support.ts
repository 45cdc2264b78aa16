import { sql, type Sql } from '../database/database.ts'
import { conflict, notFound } from './failures.ts'
import { MetastoreError } from '../errors.ts'
import { type Page, type Paged, readPage } from './page.ts'
import { explaining } from './refusals.ts'
import type { EscalationsRow, SupportersRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import type { StoreTransaction } from './store-transaction.ts'

/** A question that a person has to answer. */
export type Escalation = Omit<EscalationsRow, 'tenant_id'>

/** A person who helps, and how many open escalations they have. */
export type Supporter = Omit<SupportersRow, 'tenant_id'> & {
  readonly name: string | null
  readonly email: string
  readonly active: number
}

/** Whether a supporter takes escalations: only an available one does. */
export type Availability = 'available' | 'busy' | 'away' | 'offline'

/** What may become of an escalation. */
export type EscalationStatus = 'pending' | 'assigned' | 'in_progress' | 'on_hold' | 'resolved' | 'closed'

/** What is handed to a person, and why. */
export interface NewEscalation {
  readonly reason: string
  readonly priority?: 'low' | 'normal' | 'high' | 'urgent' | undefined
  readonly notes?: string | null | undefined
}

/** People who help where an assistant cannot. */
export interface Support {
  supporters(): Promise<Supporter[]>
  /** Throws `not_found` for whoever is not an active supporter or administrator. */
  setAvailability(userId: string, availability: Availability, maxActive?: number): Promise<void>
  /**
   * Hands a thread to the available supporter who has the least to do; one that is open for the thread already is given
   * instead. Throws `not_found` without such a thread, `unavailable` when nobody is free.
   */
  escalate(threadId: string, escalation: NewEscalation): Promise<{ escalation: Escalation; added: boolean }>
  /** Throws `not_found`. */
  get(id: string): Promise<Escalation>
  /** The newest first. */
  list(filter: EscalationFilter, page: Page): Promise<Paged<Escalation>>
  /**
   * Takes an escalation a step on. Who goes back to `assigned` from `pending` gets the least busy supporter. Throws `not_found`,
   * `conflict` for a step that there is not.
   */
  setStatus(id: string, status: EscalationStatus, notes?: string): Promise<Escalation>
}

/** Which escalations. */
export interface EscalationFilter {
  readonly status?: EscalationStatus | undefined
  readonly supporterId?: string | undefined
}

const columns = sql`
  id, thread_id, supporter_id, created_at, updated_at, assigned_at, started_at, resolved_at, closed_at, status, priority,
  reason, notes`
const open = sql`('pending', 'assigned', 'in_progress', 'on_hold')`
const busy = sql`('assigned', 'in_progress', 'on_hold')`

/** The support that transactions of `run` see. */
export function support(run: Run): Support {
  return {
    supporters: () =>
      run((tx) =>
        tx.query<Supporter>(sql`
          select s.user_id, s.created_at, s.updated_at, s.max_active, s.availability, u.name, u.email,
            (select count(*) from escalations e where e.supporter_id = s.user_id and e.status in ${busy}) as active
          from supporters s join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
          order by s.user_id`),
      ),
    setAvailability: (userId, availability, maxActive) =>
      run((tx) => setAvailability(tx, userId, availability, maxActive)),
    escalate: (threadId, given) => run((tx) => escalate(tx, threadId, given)),
    get: (id) => run((tx) => found(tx, id)),
    list: (filter, page) => run((tx) => list(tx, filter, page)),
    setStatus: (id, status, notes) => run((tx) => setStatus(tx, id, status, notes)),
  }
}

async function setAvailability(
  tx: StoreTransaction,
  userId: string,
  availability: Availability,
  maxActive: number | undefined,
): Promise<void> {
  const set = await tx.execute(sql`
    insert into supporters (tenant_id, user_id, availability, max_active)
    select tenant_id, id, ${availability}, ${maxActive ?? 5}::integer
    from users where id = ${userId} and is_active and role in ('supporter', 'admin')
    on conflict (tenant_id, user_id) do update
    set availability = excluded.availability
      ${maxActive === undefined ? sql`` : sql`, max_active = excluded.max_active`}`)
  if (set === 0) throw notFound('supporter', userId)
}

async function escalate(tx: StoreTransaction, threadId: string, { reason, priority, notes }: NewEscalation) {
  const thread = await tx.first(sql`
    select from threads where thread_id = ${threadId} and (expires_at is null or expires_at > now()) for no key update`)
  if (thread === undefined) throw notFound('session', threadId)
  const there = await tx.first<Escalation>(sql`
    select ${columns} from escalations where thread_id = ${threadId} and status in ${open} order by created_at limit 1`)
  if (there !== undefined) return { escalation: there, added: false }
  const supporterId = await leastBusy(tx)
  const [made] = await tx.query<Escalation>(sql`
    insert into escalations (tenant_id, thread_id, supporter_id, assigned_at, status, priority, reason, notes)
    values (
      ${tx.tenantId}, ${threadId}, ${supporterId}, now(), 'assigned', ${priority ?? 'normal'}, ${reason}, ${notes ?? null})
    returning ${columns}`)
  return { escalation: made as Escalation, added: true }
}

// Whoever assigns has all supporters locked, always in the same order, so that two who do it at once count one after the other.
async function leastBusy(tx: StoreTransaction): Promise<string> {
  await tx.execute(sql`
    select user_id from supporters where availability = 'available' order by user_id for no key update`)
  const chosen = await tx.first<{ user_id: string }>(sql`
    select s.user_id
    from supporters s
      join users u
        on u.tenant_id = s.tenant_id and u.id = s.user_id and u.is_active and u.role in ('supporter', 'admin')
      cross join lateral (
        select count(*) as active, max(e.assigned_at) as latest
        from escalations e where e.tenant_id = s.tenant_id and e.supporter_id = s.user_id and e.status in ${busy}
      ) n
    where s.availability = 'available' and n.active < s.max_active
    order by n.active, n.latest nulls first, s.user_id
    limit 1`)
  if (chosen !== undefined) return chosen.user_id
  throw new MetastoreError({
    code: 'unavailable',
    message: 'No supporter is available.',
    remedy: 'Try again later; supporters say themselves when they are available.',
  })
}

async function found(tx: StoreTransaction, id: string): Promise<Escalation> {
  const row = await tx.first<Escalation>(sql`select ${columns} from escalations where id = ${id}`)
  if (row === undefined) throw notFound('escalation', id)
  return row
}

function list(tx: StoreTransaction, { status, supporterId }: EscalationFilter, page: Page) {
  const wanted = sql`
    tenant_id = ${tx.tenantId}
    ${status === undefined ? sql`` : sql`and status = ${status}`}
    ${supporterId === undefined ? sql`` : sql`and supporter_id = ${supporterId}`}`
  return readPage<Escalation>(
    tx,
    page,
    {
      select: (limit) => sql`
        select ${columns} from escalations
        where ${wanted} ${
          page.after === undefined
            ? sql``
            : sql`and (created_at, id) < (select created_at, id from escalations where id = ${page.after})`
        }
        order by created_at desc, id desc
        limit ${limit}`,
      cursor: (after) => sql`select from escalations where id = ${after} and ${wanted}`,
    },
    (row) => row.id,
  )
}

async function setStatus(tx: StoreTransaction, id: string, status: EscalationStatus, notes: string | undefined) {
  // The thread first, then supporters, then the escalation: in the order of escalate, so that neither waits for the other.
  const { thread_id: threadId } = await found(tx, id)
  await tx.execute(sql`select from threads where thread_id = ${threadId} for no key update`)
  const { supporter_id: supporterId, status: before } = await found(tx, id)
  const assignee = status === 'assigned' && supporterId === null ? await leastBusy(tx) : supporterId
  const refused = () =>
    conflict(
      `An escalation that is ${before} cannot become ${status}.`,
      'Look at its status, and take a step that follows from it.',
    )
  return explaining({ escalations_status_transition: refused, escalations_supporter_check: refused }, async () => {
    const [changed] = await tx.query<Escalation>(sql`
      update escalations set
        status = ${status},
        supporter_id = ${status === 'pending' ? null : assignee},
        notes = ${notes === undefined ? sql`notes` : sql`${notes}`},
        assigned_at = ${status === 'assigned' ? sql`now()` : sql`assigned_at`},
        started_at = ${status === 'in_progress' ? sql`coalesce(started_at, now())` : sql`started_at`},
        resolved_at = ${stamp(status, 'resolved')},
        closed_at = ${stamp(status, 'closed')}
      where id = ${id} returning ${columns}`)
    return changed as Escalation
  })
}

// When it was resolved or closed; no longer, when it goes on after all.
function stamp(status: EscalationStatus, end: 'resolved' | 'closed'): Sql {
  if (status === end) return sql`now()`
  if (end === 'resolved' && status === 'closed') return sql`resolved_at`
  return sql`null`
}

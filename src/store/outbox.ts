import { sql, type Sql } from '../database/database.ts'
import type { OutboxRow } from './rows.ts'
import type { Run } from './runs/run.ts'

/** A message to a webhook that somebody has taken to send it. */
export type Delivery = Pick<
  OutboxRow,
  'tenant_id' | 'delivery_id' | 'run_id' | 'created_at' | 'attempts' | 'url' | 'trace' | 'body'
>

/** The messages to webhooks, of all tenants, that are to be sent at least once. */
export interface Outbox {
  /** Takes those that are due; whoever has them and dies leaves them to others after so many seconds. */
  claim(limit: number, leaseSeconds: number): Promise<Delivery[]>
  /** It has arrived. */
  delivered(delivery: Delivery): Promise<void>
  /** It has not arrived, and is due again after so many seconds, or never. */
  failed(delivery: Delivery, reason: string, againInSeconds: number | undefined): Promise<void>
  /** Milliseconds until the next one is due; undefined when there is none. */
  untilNext(): Promise<number | undefined>
}

/** The messages that transactions of `run`, which see all tenants, find. */
export function outbox(run: Run): Outbox {
  return {
    claim: (limit, leaseSeconds) =>
      run((tx) =>
        tx.query<Delivery>(sql`
          with next as (
            select tenant_id, delivery_id from outbox where done_at is null and next_at <= now()
            order by next_at limit ${limit} for update skip locked)
          update outbox o set attempts = o.attempts + 1, next_at = ${after(leaseSeconds)}
          from next where o.tenant_id = next.tenant_id and o.delivery_id = next.delivery_id
          returning o.tenant_id, o.delivery_id, o.run_id, o.created_at, o.attempts, o.url, o.trace, o.body`),
      ),
    delivered: (delivery) =>
      run(async (tx) => {
        await tx.execute(sql`delete from outbox where ${of(delivery)}`)
      }),
    failed: (delivery, reason, againInSeconds) =>
      run(async (tx) => {
        const due = againInSeconds === undefined ? sql`done_at = now()` : sql`next_at = ${after(againInSeconds)}`
        // Whoever has taken it over meanwhile knows better.
        await tx.execute(sql`
          update outbox set last_error = ${reason}, ${due}
          where ${of(delivery)} and attempts = ${delivery.attempts} and done_at is null`)
      }),
    untilNext: () =>
      run(async (tx) => {
        const found = await tx.first<{ wait: number | null }>(sql`
          select (extract(epoch from min(next_at) - now()) * 1000)::double precision as wait
          from outbox where done_at is null`)
        return found?.wait ?? undefined
      }),
  }
}

function of({ tenant_id, delivery_id }: Delivery): Sql {
  return sql`tenant_id = ${tenant_id} and delivery_id = ${delivery_id}`
}

function after(seconds: number): Sql {
  return sql`now() + ${seconds}::double precision * interval '1 second'`
}

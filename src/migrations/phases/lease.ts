import { hostname } from 'node:os'
import { sql, type Queryable, type Session, type Sql } from '../../database/database.ts'
import type { Bookkeeping } from '../bookkeeping.ts'
import type { Run } from '../run.ts'
import type { Lease } from '../stored-batch.ts'

const heartbeatEvery = 5000
const expiresAfter = 30_000

/** The lease of a run that works on a batch: it tells others who works and at what; the lock is what keeps them out. */
export interface HeldLease extends AsyncDisposable {
  /** Says what is done from now on; written with the next heartbeat. */
  step(label: string): Promise<void>
}

/** Writes the lease, and renews it until it is given back. */
export async function takeLease(run: Run): Promise<HeldLease> {
  const { database, bookkeeping } = run
  const holder = `${run.actor.user} (pid ${process.pid} on ${hostname()})`
  await run.session.query(writeLease(bookkeeping, holder, run.actor.command))
  let step: string | null = null
  let renewed = performance.now()
  let session: Session | undefined
  let beating: Promise<void> = Promise.resolve()

  const renew = async (db: Queryable) => {
    renewed = performance.now()
    await db.query(renewLease(bookkeeping, step))
  }
  // A heartbeat that fails is no reason to stop: who loses the lock hears of it otherwise.
  const beat = async () => {
    try {
      session ??= await database.session()
      await renew(session)
    } catch {
      await session?.close()
      session = undefined
    }
  }
  const timer = database.features.manySessions
    ? setInterval(() => {
        beating = beating.then(beat)
      }, heartbeatEvery).unref()
    : undefined
  return {
    async step(label) {
      step = label
      if (timer === undefined && performance.now() - renewed >= heartbeatEvery) await renew(run.session)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await beating
      try {
        // The run's own session refuses everything once the run is interrupted.
        session ??= run.signal.aborted ? await database.session() : undefined
        await (session ?? run.session).query(sql`delete from ${bookkeeping.state} where key = 'lease'`)
      } catch {
        // It expires.
      } finally {
        await session?.close()
      }
    },
  }
}

/** Whether a lease was renewed lately, by the server's clock. */
export async function isAlive(db: Queryable, lease: Lease): Promise<boolean> {
  const [row] = await db.query<{ age: number }>(sql`
    select extract(epoch from clock_timestamp() - ${lease.heartbeat}::timestamptz)::float8 * 1000 as age`)
  return row !== undefined && row.age < expiresAfter
}

const now = sql`to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

function writeLease({ state }: Bookkeeping, holder: string, command: string): Sql {
  return sql`
    insert into ${state} (key, value)
    values ('lease', jsonb_build_object(
      'holder', ${holder}::text, 'command', ${command}::text, 'since', ${now}, 'heartbeat', ${now}, 'step', null)::text)
    on conflict (key) do update set value = excluded.value`
}

function renewLease({ state }: Bookkeeping, step: string | null): Sql {
  return sql`
    update ${state}
    set value = (value::jsonb || jsonb_build_object('heartbeat', ${now}, 'step', ${step}::text))::text
    where key = 'lease'`
}

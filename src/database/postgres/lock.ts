import { MetastoreError } from '../../errors.ts'
import type { Lock, LockAttempt, LockRequest } from '../driver.ts'
import { literal, sql } from '../sql.ts'
import { Channel } from './channel.ts'
import type { Connected } from './connect.ts'
import { Script, ScriptWithRows } from './exchange.ts'
import { parseHolder } from './lock-holder.ts'
import { connectionLost } from './server-failure.ts'
import { type Run, runQuery } from './statements.ts'

/** The advisory lock that every migrating process takes; Reshape takes the same, so the two exclude each other. */
const key = 4036779288569897133n

/** What became of one try to take the lock: its connection, when it failed, is good for the next try. */
export type Try = LockAttempt & { readonly idle?: Connected }

/**
 * Tries to take the lock in a transaction that then stays open and idle: it holds no snapshot, dies with its connection,
 * and behind a transaction pooler keeps the server's connection to itself, which a session lock would not.
 */
export async function tryLock(
  connected: Connected,
  { part }: Pick<LockRequest, 'part'>,
  onRelease: (lock: PostgresLock) => void,
): Promise<Try> {
  const channel = new Channel(connected.client, connected.settings, {})
  const run: Run = (exchange, text) => channel.run(exchange, text)
  try {
    const attempt = lockScript(Number.parseInt(connected.version, 10), part)
    const { rows } = await run(new ScriptWithRows(attempt), attempt)
    if (rows[0]?.['taken'] === true) return { lock: new PostgresLock(channel, onRelease) }
    await run(new Script('rollback'), 'rollback')
    const heldBy = await readHolder(run)
    // Its listeners would add up with every try.
    channel.leave()
    return { heldBy, idle: connected }
  } catch (error) {
    await channel.close()
    throw error
  }
}

/** The lock, held by an open transaction. */
export class PostgresLock implements Lock {
  readonly lost: AbortSignal
  readonly #channel: Channel
  readonly #onRelease: (lock: PostgresLock) => void

  constructor(channel: Channel, onRelease: (lock: PostgresLock) => void) {
    this.lost = channel.lostSignal(lockLost)
    this.#channel = channel
    this.#onRelease = onRelease
  }

  async release(): Promise<void> {
    // Ending the connection ends the transaction as well, so a failure here changes nothing.
    if (!this.#channel.lost && !this.#channel.closed) {
      await this.#channel.run(new Script('commit'), 'commit').catch(() => {})
    }
    await this.#channel.close()
    this.#onRelease(this)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}

// The transaction stays idle for as long as the migration takes, so none of the server's limits may end it.
function lockScript(major: number, part: string | undefined): string {
  return [
    'begin isolation level read committed',
    'set local statement_timeout = 0',
    'set local idle_in_transaction_session_timeout = 0',
    ...(major >= 17 ? ['set local transaction_timeout = 0'] : []),
    part === undefined
      ? `select pg_try_advisory_xact_lock(${key}) as taken`
      : sql`
          select pg_try_advisory_xact_lock_shared(${literal(String(key))}::bigint)
            and pg_try_advisory_xact_lock(hashtextextended(${literal(`metastore ${part}`)}, 0)) as taken`.inline(
          'postgres',
        ),
  ].join('; ')
}

async function readHolder(run: Run): ReturnType<typeof attempt> {
  // The holder may be gone by now, and pg_stat_activity hides some of it from other roles.
  return attempt(run).catch(() => undefined)
}

async function attempt(run: Run): Promise<ReturnType<typeof parseHolder> | undefined> {
  const [row] = await runQuery<Parameters<typeof parseHolder>[0]>(
    run,
    sql`
      select a.application_name as name, host(a.client_addr) as address, coalesce(a.xact_start, a.backend_start) as since
      from pg_locks l
      join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select oid from pg_database where datname = current_database())
        and l.classid::bigint = ${key >> 32n} and l.objid::bigint = ${key & 0xffffffffn}`,
  )
  return row === undefined ? undefined : parseHolder(row)
}

function lockLost(): MetastoreError {
  return new MetastoreError({
    code: 'lock_lost',
    message: 'The connection that held the migration lock broke, so another process may be migrating now.',
    remedy: 'Look in the log of the database server for the reason, then run the same command again.',
    cause: connectionLost(undefined, undefined),
  })
}

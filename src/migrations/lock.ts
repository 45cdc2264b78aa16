import { setTimeout as delay } from 'node:timers/promises'
import type { Database, Lock, LockHolder } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import type { Progress } from '../progress.ts'

/** How to wait for the migration lock. */
export interface LockOptions {
  /** Milliseconds; 0 tries once. */
  readonly wait: number
  readonly command: string
  /** The part of the database that is migrated on its own; the whole unless said. */
  readonly part?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress: Progress
  /** Asked after each attempt that failed: true when there is nothing left to do, because the holder did it. */
  readonly alreadyDone?: () => Promise<boolean>
}

/**
 * Takes the migration lock, polling so that a waiter holds no snapshot that a concurrent index build would wait for.
 * Returns undefined when `alreadyDone` says that there is nothing left to do. Throws `lock_held`, `canceled`.
 */
export async function takeLock(database: Database, options: LockOptions): Promise<Lock | undefined> {
  const deadline = performance.now() + options.wait
  for (let attempt = 0; ; attempt++) {
    const result = await database.tryLock({ command: options.command, part: options.part })
    if ('lock' in result) return result.lock
    if (await options.alreadyDone?.()) return undefined
    const left = deadline - performance.now()
    if (left <= 0) throw lockHeld(database.address, result.heldBy, options.wait)
    if (attempt === 0) {
      options.progress({ kind: 'notice', message: `Waiting for ${describeHolder(result.heldBy)}, which is migrating.` })
    }
    await pause(Math.min(left, jittered(attempt)), options.signal)
  }
}

/** Who holds the lock, as people say it. */
function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined || holder.pid === null) return holder?.command ?? 'another process'
  const where = holder.host === null ? '' : ` on ${holder.host}`
  const what = holder.command === null ? '' : ` (${holder.command})`
  return `process ${holder.pid}${where}${what}`
}

// 50 ms at first, a second at most: many replicas that start together spread out instead of knocking in step.
function jittered(attempt: number): number {
  return Math.min(1000, 50 * 1.5 ** Math.min(attempt, 12)) * (0.5 + Math.random())
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal })
  } catch (cause) {
    throw new MetastoreError({
      code: 'canceled',
      message: 'Interrupted while waiting for the migration lock. Nothing was changed.',
      remedy: 'Run the same command again when the other process is done.',
      cause,
    })
  }
}

function lockHeld(address: string, holder: LockHolder | undefined, waited: number): MetastoreError {
  const since = holder?.since == null ? '' : `, since ${holder.since}`
  const patience = waited === 0 ? '' : ` I waited ${Math.round(waited / 1000)} s.`
  return new MetastoreError({
    code: 'lock_held',
    message: `${address} is being migrated by ${describeHolder(holder)}${since}.${patience}`,
    where: address,
    remedy:
      'Wait until it is done and run again, or give more time with --lock-wait 10m. The lock ends with its holder.',
  })
}

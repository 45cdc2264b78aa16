import { hostname } from 'node:os'
import type { Lock, LockAttempt, LockHolder } from '../driver.ts'

/** A lock among the users of one open database; where only this process can have it open, it needs no other. */
export interface LocalLock {
  tryLock(holder: { readonly command: string }): LockAttempt
}

/** A lock that nobody holds. */
export function localLock(): LocalLock {
  let current: LockHolder | undefined
  return {
    tryLock({ command }) {
      if (current) return { heldBy: current }
      const holder = { pid: process.pid, host: hostname(), command, since: new Date().toISOString() }
      current = holder
      return {
        lock: heldLock(() => {
          if (current === holder) current = undefined
        }),
      }
    },
  }
}

/** A lock that nothing but its holder's release, or the end of its process, can end. */
export function heldLock(release: () => void): Lock {
  return {
    lost: new AbortController().signal,
    async release() {
      release()
    },
    async [Symbol.asyncDispose]() {
      release()
    },
  }
}

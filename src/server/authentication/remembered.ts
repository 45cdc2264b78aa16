import { createHash } from 'node:crypto'
import type { Principal } from './principal.ts'

/** What was found out about whoever sends requests, for a short time. */
export interface Remembered {
  /** Who sends this key or token, as it was found out a moment ago or is now. A failure is not remembered. */
  find(secret: string, verify: () => Promise<Verified>): Promise<Principal>
}

/** Who sends something, and until when it holds. */
export interface Verified {
  readonly principal: Principal
  readonly expiresAt?: Date | undefined
}

/** How many are remembered; beyond it the oldest is forgotten. */
const most = 10_000

/**
 * Remembers for so many milliseconds: a key that is revoked goes on to be taken for that long, by this process. Keys are
 * remembered by a hash, so that a dump of the memory does not give them away.
 */
export function remembered(milliseconds: number, now: () => number = Date.now): Remembered {
  const known = new Map<string, { readonly principal: Promise<Principal>; until: number }>()
  return {
    find(secret, verify) {
      const name = createHash('sha256').update(secret).digest('base64')
      const found = known.get(name)
      if (found !== undefined && found.until > now()) return found.principal
      known.delete(name)
      // Requests that come together ask once.
      const asked = verify()
      const entry = { principal: asked.then(({ principal }) => principal), until: now() + milliseconds }
      known.set(name, entry)
      asked.then(
        ({ expiresAt }) => {
          entry.until = Math.min(entry.until, expiresAt?.getTime() ?? Infinity)
        },
        () => known.get(name) === entry && known.delete(name),
      )
      for (const [oldest] of known) {
        if (known.size <= most) break
        known.delete(oldest)
      }
      return entry.principal
    },
  }
}

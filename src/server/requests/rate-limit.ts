import type { Principal } from '../authentication/principal.ts'

/** Counts what somebody sends. */
export interface RateLimit {
  /** Takes one request; returns the seconds to wait when there were too many. */
  take(principal: Principal): number | undefined
}

/** How many callers are counted; whoever was not heard of for longest is forgotten first, which only favours them. */
const most = 10_000

/**
 * So many requests a minute for each key (or tenant and user), which may come at once or evenly: a bucket of that size that
 * fills up again. Each process counts for itself.
 */
export function rateLimit(perMinute: number, now: () => number = Date.now): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>()
  const perMillisecond = perMinute / 60_000
  return {
    take({ tenantId, userId, keyId }) {
      const name = keyId ?? `${tenantId} ${userId ?? ''}`
      const time = now()
      const before = buckets.get(name) ?? { left: perMinute, at: time }
      const left = Math.min(perMinute, before.left + (time - before.at) * perMillisecond)
      buckets.delete(name)
      buckets.set(name, { left: left < 1 ? left : left - 1, at: time })
      for (const [oldest] of buckets) {
        if (buckets.size <= most) break
        buckets.delete(oldest)
      }
      return left < 1 ? Math.ceil((1 - left) / perMillisecond / 1000) : undefined
    },
  }
}

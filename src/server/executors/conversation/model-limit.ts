import { setTimeout as delay } from 'node:timers/promises'
import type { LlmLimits, TenantStore } from '../../../store/store.ts'
import { RateLimited } from '../../requests/rate-limited.ts'

/** How long answers wait when the limit of their tenant's model is used up. */
export interface Patience {
  readonly seconds: number
  /** How many of a tenant wait at once in this process: they hold places that others' runs could have. */
  readonly most: number
}

/** The limits of tenants for their language models. */
export interface ModelLimit {
  /** Waits until the tenant may ask its model, and counts that it does. Throws `rate_limited` when that takes too long. */
  turn(store: TenantStore, limits: LlmLimits, signal: AbortSignal): Promise<void>
}

/** Keeps the limits, over all processes, with patience. */
export function modelLimit({ seconds: longest, most }: Patience): ModelLimit {
  const waiting = new Map<string, number>()
  const wait = async (tenantId: string, seconds: number, signal: AbortSignal): Promise<void> => {
    waiting.set(tenantId, (waiting.get(tenantId) ?? 0) + 1)
    try {
      await delay(seconds * 1000, undefined, { signal })
    } finally {
      const left = (waiting.get(tenantId) ?? 1) - 1
      if (left === 0) waiting.delete(tenantId)
      else waiting.set(tenantId, left)
    }
  }
  return {
    async turn(store, limits, signal) {
      if (limits.rate_limit_rpm === null && limits.rate_limit_tpm === null) return
      const last = performance.now() + longest * 1000
      for (;;) {
        const seconds = await store.llm.countRequest(limits)
        if (seconds === undefined) return
        const isTooLong = performance.now() + seconds * 1000 > last
        if (isTooLong || (waiting.get(store.id) ?? 0) >= most) throw usedUp(limits, seconds)
        await wait(store.id, seconds, signal)
      }
    },
  }
}

function usedUp({ rate_limit_rpm: rpm, rate_limit_tpm: tpm }: LlmLimits, seconds: number): RateLimited {
  const limits = [...(rpm === null ? [] : [`${rpm} requests`]), ...(tpm === null ? [] : [`${tpm} tokens`])]
  return new RateLimited(
    seconds,
    `The limit of the tenant's language model, ${limits.join(' and ')} a minute, is used up.`,
    'Ask again then: what was said is kept. An administrator raises rate_limit_rpm and rate_limit_tpm of the model.',
  )
}

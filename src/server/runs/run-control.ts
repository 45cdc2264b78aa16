import type { CancelAction } from '../../store/store.ts'

/** Why a run is stopped before its end. */
export type Stop =
  /** Somebody has cancelled it. */
  | { readonly kind: 'asked'; readonly action: CancelAction }
  /** It has taken too long. */
  | { readonly kind: 'timeout' }
  /** What it writes cannot be stored. */
  | { readonly kind: 'failed'; readonly cause: unknown }
  /** Another worker has it, or it is gone. */
  | { readonly kind: 'lost' }
  /** Its worker ends, and gives it back. */
  | { readonly kind: 'released' }

/** Stops a run that is under way; the first reason counts. */
export interface RunControl {
  readonly signal: AbortSignal
  readonly stop: Stop | undefined
  end(stop: Stop): void
}

/** What stops one run. */
export function runControl(): RunControl {
  const controller = new AbortController()
  let first: Stop | undefined
  return {
    signal: controller.signal,
    get stop() {
      return first
    },
    end(stop) {
      first ??= stop
      controller.abort()
    },
  }
}

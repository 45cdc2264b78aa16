/** Gives out turns at something that only one may use at a time, in the order in which they were asked for. */
export interface Turns {
  /** Resolves when it is the caller's turn, with the function that ends it. Rejects when `signal` aborts before that. */
  take(signal?: AbortSignal): Promise<() => void>
}

/** A queue of turns that nobody has taken yet. */
export function turns(): Turns {
  let last: Promise<void> = Promise.resolve()
  return {
    async take(signal) {
      const before = last
      let end: () => void = () => {}
      last = new Promise((resolve) => {
        end = resolve
      })
      try {
        await unlessAborted(before, signal)
      } catch (error) {
        // Whoever is behind still waits for whoever is in front.
        void before.then(end)
        throw error
      }
      return end
    },
  }
}

/** What `promise` comes to; when `signal` aborts before that, `onAbort` is called and the signal's reason thrown. */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  onAbort: () => void = () => {},
): Promise<T> {
  if (!signal) return promise
  let listener: () => void = () => {}
  const abort = new Promise<never>((_, reject) => {
    listener = () => {
      onAbort()
      reject(signal.reason as Error)
    }
  })
  // Nobody may be left to hear of it when `promise` comes first, and the other way round.
  abort.catch(() => {})
  promise.catch(() => {})
  if (signal.aborted) listener()
  else signal.addEventListener('abort', listener, { once: true })
  try {
    return await Promise.race([promise, abort])
  } finally {
    signal.removeEventListener('abort', listener)
  }
}

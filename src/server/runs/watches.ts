import type { WakeUps } from '../../store/store.ts'

/** Tells when something about one id may have changed. */
export interface Watch extends Disposable {
  /** Waits for the next change since this was asked before, for so long at most, and returns whether there was one. */
  changed(milliseconds: number, signal?: AbortSignal): Promise<boolean>
}

/** Watches over what is told on one topic. */
export interface Watches extends Disposable {
  open(id: string): Watch
}

/** Hands out what is told about events of runs to those who wait for that run, or for that thread. */
export function openWatches(wakeUps: WakeUps): Watches {
  const watching = new Map<string, Set<() => void>>()
  const offs = [
    wakeUps.on('event', (id) => watching.get(id)?.forEach((tell) => tell())),
    wakeUps.onGap(() => watching.forEach((all) => all.forEach((tell) => tell()))),
  ]
  return {
    open(id) {
      let news = false
      let wake: (() => void) | undefined
      const tell = (): void => {
        news = true
        wake?.()
      }
      const all = watching.get(id) ?? new Set()
      watching.set(id, all.add(tell))
      return {
        async changed(milliseconds, signal) {
          if (!news && !signal?.aborted) {
            await new Promise<void>((resolve) => {
              const end = (): void => {
                clearTimeout(timer)
                signal?.removeEventListener('abort', end)
                wake = undefined
                resolve()
              }
              const timer = setTimeout(end, milliseconds)
              signal?.addEventListener('abort', end)
              wake = end
            })
          }
          const changed = news
          news = false
          return changed
        },
        [Symbol.dispose]() {
          all.delete(tell)
          if (all.size === 0) watching.delete(id)
        },
      }
    },
    [Symbol.dispose]: () => offs.forEach((off) => off()),
  }
}

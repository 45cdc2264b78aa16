import type { Claimant, RunQueue } from '../../store/store.ts'
import type { Slots } from './slots.ts'

/** What takes runs from the queue. */
interface ClaimingOptions {
  readonly queue: RunQueue
  readonly claimant: Claimant
  readonly slots: Slots
  /** Milliseconds until it is asked to look again anyhow. */
  readonly pause: number
  /** Waits for work, and writes its failure to the log. */
  readonly logged: (work: Promise<unknown>) => Promise<void>
}

/** Takes runs from the queue, as many as there are places. */
export interface Claiming {
  /** Looks for runs, now or as soon as there is a place. */
  look(): void
  /** Looks no more, and waits for the look that is under way. */
  close(): Promise<void>
}

/** Takes runs whenever it is asked to look; who asks in the meantime has it look once more. */
export function openClaiming({ queue, claimant, slots, pause, logged }: ClaimingOptions): Claiming {
  let wanted = false
  let closed = false
  let looking: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  const may = (): boolean => wanted && !closed && slots.free > 0
  const lookUntilEmpty = async (): Promise<void> => {
    while (may()) {
      wanted = false
      const most = slots.free
      const taken = await queue.claim(claimant, most)
      taken.forEach((run) => void slots.start(run))
      if (taken.length === most) wanted = true
      else if (taken.length === 0) await waitUntilDue()
    }
  }
  const waitUntilDue = async (): Promise<void> => {
    const due = await queue.nextDue()
    clearTimeout(timer)
    if (due === undefined || closed) return
    // What is due later than the next look is left to that.
    const wait = due.getTime() - Date.now()
    if (wait < pause) timer = setTimeout(look, Math.max(wait, 10))
  }
  const look = (): void => {
    wanted = true
    if (looking !== undefined || !may()) return
    looking = logged(lookUntilEmpty()).then(() => {
      looking = undefined
      // Asked for between the last look and now.
      if (may()) look()
    })
  }
  slots.onFree(() => {
    if (wanted) look()
  })
  return {
    look,
    async close() {
      closed = true
      clearTimeout(timer)
      await looking
    },
  }
}

import { randomUUID } from 'node:crypto'
import type { Claimant, RunKey, Store } from '../../store/store.ts'
import { openClaiming } from './claiming.ts'
import type { RunContext } from './run-context.ts'
import type { RunUnderWay } from './run-execution.ts'
import { openSlots, type Place, type Slots } from './slots.ts'

/** How a worker works. */
export interface WorkerOptions {
  /** How many runs it executes at a time; 32 by default. */
  readonly concurrency?: number | undefined
  /** Seconds without a sign of life after which others take a run over; 15 by default. */
  readonly leaseSeconds?: number | undefined
  /** Seconds that one attempt of a run may take; an hour by default. */
  readonly runTimeoutSeconds?: number | undefined
  /** Seconds between two looks for what no message has told; 5 by default. */
  readonly pollSeconds?: number | undefined
}

/** Executes runs: those that it takes from the queue, and those that are made for it. */
export interface Worker {
  /** How many runs are being executed. */
  readonly load: number
  /** A place for a run that is made now; undefined when there is none. */
  reserve(): Place | undefined
  /** Takes no more runs, and waits for those under way; those that are left after so many milliseconds are given back. */
  close(patience: number): Promise<void>
}

/** Starts a worker. It hears of runs by wake-ups, and looks for what it has not heard of from time to time. */
export function startWorker(base: Omit<RunContext, 'worker' | 'timeout'>, options: WorkerOptions): Worker {
  const { concurrency = 32, leaseSeconds = 15, runTimeoutSeconds = 3600, pollSeconds = 5 } = options
  const context: RunContext = { ...base, worker: randomUUID(), timeout: runTimeoutSeconds * 1000 }
  const { store } = context
  const claimant = { worker: context.worker, leaseSeconds }
  const slots = openSlots(context, concurrency)
  const logged = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => context.logFailure(error as Error, 'worker'))
  }
  const pause = pollSeconds * 1000
  const claiming = openClaiming({ queue: store.admin.runQueue, claimant, slots, pause, logged })
  const renewAll = (): void => void logged(renew(store, claimant, slots))
  const offs = [
    store.wakeUps.on('run', claiming.look),
    store.wakeUps.on('cancel', (runId) => {
      if (slots.underWay.has(runId)) renewAll()
    }),
    store.wakeUps.onGap(() => {
      claiming.look()
      renewAll()
    }),
  ]
  const heartbeat = setInterval(renewAll, (leaseSeconds * 1000) / 3)
  const poll = setInterval(() => {
    claiming.look()
    void logged(takeOver(store, claimant, slots, false))
  }, pause)
  // Where nobody else can be, whoever had a run is dead.
  let beginning: Promise<void> | undefined = logged(takeOver(store, claimant, slots, !store.shared))
  claiming.look()
  let closing = false

  return {
    get load() {
      return slots.underWay.size
    },
    reserve: () => (closing ? undefined : slots.reserve(claimant)),
    async close(patience) {
      closing = true
      offs.forEach((off) => off())
      clearInterval(poll)
      await Promise.all([claiming.close(), beginning])
      beginning = undefined
      await within(patience, Promise.all([...slots.underWay.values()].map(({ done }) => done)))
      await logged(giveBack(store, claimant, slots))
      clearInterval(heartbeat)
    },
  }
}

async function takeOver(store: Store, claimant: Claimant, slots: Slots, alone: boolean): Promise<void> {
  if (slots.free <= 0) return
  const taken = await store.admin.runQueue.takeOver(claimant, slots.free, { alone, except: [...slots.underWay.keys()] })
  taken.forEach((run) => void slots.start(run))
}

// A sign of life for all runs; it brings back what became of them meanwhile.
async function renew(store: Store, claimant: Claimant, slots: Slots): Promise<void> {
  const keys = [...slots.underWay.values()].map(keyOf)
  if (keys.length === 0) return
  const held = new Map((await store.admin.runQueue.renew(claimant, keys)).map((run) => [run.run_id, run]))
  for (const { runId } of keys) {
    const { run, control } = slots.underWay.get(runId) ?? {}
    const still = held.get(runId)
    if (still === undefined || still.attempt !== run?.attempt) control?.end({ kind: 'lost' })
    else if (still.cancel_action !== null) control?.end({ kind: 'asked', action: still.cancel_action as 'interrupt' })
  }
}

async function giveBack(store: Store, { worker }: Claimant, slots: Slots): Promise<void> {
  const left = [...slots.underWay.values()]
  left.forEach(({ control }) => control.end({ kind: 'released' }))
  await Promise.all(left.map(({ done }) => done))
  const released = left.filter(({ control }) => control.stop?.kind === 'released')
  await store.admin.runQueue.release(worker, released.map(keyOf))
}

function keyOf({ run }: RunUnderWay): RunKey {
  return { tenantId: run.tenant_id, runId: run.run_id }
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)))
  await Promise.race([work, end])
  clearTimeout(timer)
}

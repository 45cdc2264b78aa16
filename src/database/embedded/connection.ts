import { AsyncLocalStorage } from 'node:async_hooks'
import type { Engine, EngineCalls } from './engine.ts'
import { canceled, endedInside, engineGone } from './session-failure.ts'
import { type Turns, turns, unlessAborted } from './turns.ts'
import { WorkerEnded, type WorkerHost } from './worker-host.ts'

/** The one connection to an embedded engine, which all sessions of a database share. */
export interface Connection {
  readonly engine: Engine
  readonly turns: Turns
  /** The transaction in whose callback the present code runs, if any. */
  readonly inside: AsyncLocalStorage<{ open: boolean }>
  /** Calls the engine; its errors come as ours. When `signal` aborts, the call is stopped and `canceled` thrown. */
  call<Name extends keyof EngineCalls>(
    name: Name,
    request: EngineCalls[Name]['request'],
    signal?: AbortSignal,
  ): Promise<EngineCalls[Name]['response']>
  /** Whether the transaction that was open when `error` was thrown is gone, so that what follows would not be in it. */
  leftTransaction(error: unknown): boolean
  /** `stopped`: an interruption ended the engine's thread. */
  readonly state: 'open' | 'stopped' | 'closed' | 'lost'
  /** Rolls back, closes the engine properly and ends its thread. Never throws. */
  close(): Promise<void>
}

/** Makes a connection of a worker thread in which an engine is open. `stop` asks it to end what it is doing. */
export function connect(
  worker: WorkerHost<EngineCalls>,
  engine: Engine,
  address: string,
  stop: (worker: WorkerHost<EngineCalls>) => void,
): Connection {
  let state: 'open' | 'stopped' | 'closed' = 'open'
  const outsideTransaction = new WeakSet()

  const failure = (error: unknown, statement: string | undefined): Error => {
    if (error instanceof WorkerEnded) {
      return state === 'stopped' ? canceled(statement) : engineGone(address, error.message, statement)
    }
    const translated = engine.translate(error, statement)
    const fate = error instanceof Error && 'transaction' in error ? error.transaction : undefined
    const thrown = fate === 'committed' ? endedInside(statement, translated) : translated
    if (fate !== undefined) outsideTransaction.add(thrown)
    return thrown
  }

  return {
    engine,
    turns: turns(),
    inside: new AsyncLocalStorage(),

    async call(name, request, signal) {
      const statement = textOf(request)
      if (state === 'closed') throw new Error('The database is closed.')
      if (signal?.aborted) throw canceled(statement)
      const onAbort = (): void => {
        stop(worker)
        if (worker.ending && state === 'open') state = 'stopped'
      }
      try {
        return await unlessAborted(worker.call(name, request), signal, onAbort)
      } catch (error) {
        if (!signal?.aborted) throw failure(error, statement)
        // Its data may be opened again only when the thread has ended.
        await worker.ending
        throw canceled(statement)
      }
    },

    leftTransaction: (error) => typeof error === 'object' && error !== null && outsideTransaction.has(error),

    get state() {
      return state === 'open' && worker.ended ? 'lost' : state
    },

    async close() {
      if (this.state === 'open') await worker.call('close', null).catch(() => {})
      if (state === 'open') state = 'closed'
      await worker.terminate()
    },
  }
}

function textOf(request: unknown): string | undefined {
  const text = typeof request === 'object' && request !== null && 'text' in request ? request.text : undefined
  return typeof text === 'string' ? text : undefined
}

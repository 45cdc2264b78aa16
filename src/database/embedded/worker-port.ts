import { parentPort, workerData } from 'node:worker_threads'
import { type Failure, MetastoreError } from '../../errors.ts'
import { DatabaseError, type ServerFailure } from '../failure.ts'

/** What a worker can be asked for, by name. Requests and responses must survive a structured clone. */
export type Calls<T> = { readonly [Name in keyof T]: { request: unknown; response: unknown } }

/** The functions that answer the calls. */
export type Handlers<T extends Calls<T>> = {
  readonly [Name in keyof T]: (request: T[Name]['request']) => Promise<T[Name]['response']>
}

/** What the main thread sends: a call, the wish that the call of that number ends early, or that all do and no other begins. */
export type ToWorker =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly request: unknown }
  | { readonly kind: 'interrupt'; readonly id: number }
  | { readonly kind: 'stop' }

/** What the worker answers. */
export type FromWorker =
  | { readonly kind: 'result'; readonly id: number; readonly response: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ClonedError }

/** An error as plain data; a structured clone would lose its class, and the fields that an engine adds to it. */
export interface ClonedError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly fields: Readonly<Record<string, string | number>>
  /** The parts of an error of ours. */
  readonly failure: Failure | ServerFailure | undefined
}

/** An error that leaves the engine unusable: it ends the worker, and every call that is waiting fails. */
export class EngineBroken extends Error {
  override readonly name = 'EngineBroken'
}

/**
 * Answers the main thread's calls, one after another in the order in which they were made. `interrupt` ends the call that
 * is running; it comes as soon as the running call gives the worker's event loop a turn. The call `close` is the last.
 */
export function serve<T extends Calls<T>>(handlers: Handlers<T>, interrupt: () => void = () => {}): void {
  const port = parentPort
  if (!port) throw new Error('This file runs in a worker thread.')
  let running: number | undefined
  let interrupting: NodeJS.Timeout | undefined
  let stopped = false
  let queue: Promise<void> = Promise.resolve()

  const interruptRunning = (): void => {
    if (running === undefined) return
    clearInterval(interrupting)
    // Again and again, because an engine forgets it when it comes between two of its statements.
    interrupting = setInterval(interrupt, 10)
    interrupt()
  }

  const answer = async (message: Extract<ToWorker, { kind: 'call' }>): Promise<void> => {
    if (stopped) return
    running = message.id
    try {
      const handle = handlers[message.name as keyof T]
      const response = await handle(message.request)
      port.postMessage({ kind: 'result', id: message.id, response } satisfies FromWorker)
    } catch (error) {
      // Not caught by anybody: that is what ends a worker and tells the main thread why.
      if (error instanceof EngineBroken) {
        stopped = true
        setImmediate(() => {
          throw error
        })
      } else port.postMessage({ kind: 'error', id: message.id, error: cloned(error) } satisfies FromWorker)
    }
    running = undefined
    clearInterval(interrupting)
    if (message.name === 'close') port.close()
  }

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'call') queue = queue.then(() => answer(message))
    else if (message.kind === 'stop') {
      stopped = true
      interruptRunning()
      void queue.then(() => tellStopped(workerData as SharedArrayBuffer))
    } else if (message.id === running) interruptRunning()
  })
}

function tellStopped(memory: SharedArrayBuffer): void {
  const flag = new Int32Array(memory)
  Atomics.store(flag, 0, 1)
  Atomics.notify(flag, 0)
}

function cloned(error: unknown): ClonedError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  const fields: Record<string, string | number> = {}
  for (const [key, value] of Object.entries(error instanceof Error ? error : {})) {
    if (typeof value === 'string' || typeof value === 'number') fields[key] = value
  }
  if (!(error instanceof MetastoreError)) return { name, message, stack, fields, failure: undefined }
  const { code, where, remedy, details } = error
  const failure: Failure = { code, message, where, remedy, details }
  if (!(error instanceof DatabaseError)) return { name, message, stack, fields: {}, failure }
  const { reason, engineCode, statement, position, object, completed } = error
  return {
    name,
    message,
    stack,
    fields: {},
    failure: { ...failure, reason, engineCode, statement, position, object, completed },
  }
}

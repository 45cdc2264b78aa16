import { Worker } from 'node:worker_threads'
import { MetastoreError } from '../../errors.ts'
import { DatabaseError } from '../failure.ts'
import type { Calls, ClonedError, FromWorker, ToWorker } from './worker-port.ts'

/** A worker thread, as the main thread sees it. */
export interface WorkerHost<T extends Calls<T>> {
  /** Calls a function of the worker. Rejects with the function's own error, or with WorkerEnded. */
  call<Name extends keyof T & string>(name: Name, request: T[Name]['request']): Promise<T[Name]['response']>
  /** Asks the call that is running to end early. */
  interrupt(): void
  /** Ends the thread at once, whatever it is doing. Resolves when it has ended. */
  terminate(): Promise<void>
  /** Resolves when the thread has ended; undefined while nobody has asked it to. */
  readonly ending: Promise<void> | undefined
  /** Whether the thread has ended. */
  readonly ended: boolean
}

/** The thread ended while a call was waiting for it, or before. `message` says why. */
export class WorkerEnded extends Error {
  override readonly name = 'WorkerEnded'
}

// Milliseconds that the end of the process may wait for a statement to be undone.
const longestExit = 10_000

const stops = new Set<() => void>()
process.on('exit', () => stops.forEach((stop) => stop()))

interface Waiting {
  readonly resolve: (response: never) => void
  readonly reject: (error: Error) => void
}

/**
 * Starts a worker thread. It keeps the process alive only while a call is waiting, so that a database which nobody closed
 * does not stop a program from ending. `stopAtExit` is for an engine of native code: process.exit() would wait for what it
 * is doing, so that is interrupted first.
 */
export function startWorker<T extends Calls<T>>(
  file: URL,
  options: { readonly stopAtExit?: boolean } = {},
): WorkerHost<T> {
  const memory = new SharedArrayBuffer(4)
  // Without execArgv the thread would inherit loaders and inspectors that were meant for the program.
  const worker = new Worker(file, { execArgv: [], name: 'metastore database', workerData: memory })
  const waiting = new Map<number, Waiting>()
  const send = (message: ToWorker): void => worker.postMessage(message)
  let calls = 0
  let end: WorkerEnded | undefined
  let ending: Promise<void> | undefined
  worker.unref()

  const failAll = (reason: string): void => {
    end ??= new WorkerEnded(reason)
    for (const call of waiting.values()) call.reject(end)
    waiting.clear()
  }
  const stop = (): void => {
    if (waiting.size === 0) return
    send({ kind: 'stop' })
    Atomics.wait(new Int32Array(memory), 0, 0, longestExit)
  }
  if (options.stopAtExit) stops.add(stop)
  worker.on('message', (message: FromWorker) => {
    settle(waiting, message)
    if (waiting.size === 0) worker.unref()
  })
  worker.on('error', (error) => failAll(error.message))
  worker.on('exit', (code) => {
    stops.delete(stop)
    failAll(`The thread of the database ended with status ${code}.`)
  })

  return {
    call: (name, request) =>
      new Promise((resolve, reject) => {
        if (end) return reject(end)
        worker.ref()
        waiting.set(++calls, { resolve, reject })
        send({ kind: 'call', id: calls, name, request })
      }),
    interrupt() {
      const [first] = waiting.keys()
      if (first !== undefined) send({ kind: 'interrupt', id: first })
    },
    terminate() {
      ending ??= worker.terminate().then(() => {})
      return ending
    },
    get ending() {
      return ending
    },
    get ended() {
      return end !== undefined
    },
  }
}

function settle(waiting: Map<number, Waiting>, message: FromWorker): void {
  const call = waiting.get(message.id)
  waiting.delete(message.id)
  if (message.kind === 'result') call?.resolve(message.response as never)
  else call?.reject(restored(message.error))
}

function restored(error: ClonedError): Error {
  const { failure } = error
  if (failure) return 'reason' in failure ? new DatabaseError(failure) : new MetastoreError(failure)
  return Object.assign(new Error(error.message), error.fields, { name: error.name, stack: error.stack })
}

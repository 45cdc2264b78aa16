import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { ensureSystemAssistants } from '../store/store.ts'
import { addressUnavailable } from './address.ts'
import type { Services } from './app.ts'
import { backgroundMetrics } from './background/background-metrics.ts'
import { type BackgroundOptions, startBackground } from './background/background.ts'
import { createApp } from './create-app.ts'
import { openConnections } from './connections.ts'
import { type RunOptions, startRuns } from './runs/run-service.ts'
import { serverMetrics } from './requests/server-metrics.ts'

export type { Authenticate, Principal, Services } from './app.ts'
export { freePort } from './address.ts'
export { createApp } from './create-app.ts'
export type { BackgroundOptions } from './background/background.ts'
export { authentication, openToAll } from './authentication/authentication.ts'
export { tokenVerifier } from './authentication/json-web-tokens.ts'
export type * from './executors/executor.ts'
export { loadAnswer, loadExecutors } from './executors/load-executors.ts'
export { loadEmbeddings } from './embeddings/load-embeddings.ts'
export { type ServerLog, serverLog } from './requests/request-log.ts'
export { serverMetrics } from './requests/server-metrics.ts'
export { logStrayFailures } from './stray-failures.ts'

/** Where a server listens, and what it works with. */
export interface ServerOptions extends Omit<Services, 'runs'> {
  readonly runs?: RunOptions | undefined
  readonly background?: BackgroundOptions | undefined
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** Called when the server begins to stop, so that work under way is finished or given up; awaited before connections end. */
  readonly onDrain?: () => Promise<void>
  /** Milliseconds that requests and streams have to come to their end when the server stops; 10,000 unless said. */
  readonly patience?: number
  /** Milliseconds that connections wait for a request that is on its way when the server stops; 500 unless said. */
  readonly linger?: number
}

/** A server that answers. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:2024`, without a slash at the end. */
  readonly url: string
  /** Takes no more connections, lets the requests that it has come to their end, and stops. */
  close(): Promise<void>
}

/** Milliseconds between the end of runs and that of connections. */
const lastMoment = 500

/** Milliseconds that a request that makes a run takes at most until it is answered with the run's values or begins to wait. */
const longestHandling = 2000

/** Starts to answer requests. Throws `address_unavailable` when the address is taken or none of this machine. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port, onDrain, patience = 10_000, linger = 500 } = options
  const graphIds = options.executors.flatMap((executor) => executor.graphIds)
  await ensureSystemAssistants(options.store.admin.transaction, graphIds)
  const runs = startRuns(options, options.runs)
  let stopping = false
  let done = false
  const notReady = (): Promise<string | undefined> =>
    stopping ? Promise.resolve('The server is stopping.') : (options.notReady?.() ?? Promise.resolve(undefined))
  const metrics = options.metrics ?? serverMetrics(options.store)
  const app = createApp({ ...options, notReady, runs, metrics, isDone: () => done })
  const handling = new Set<Promise<unknown>>()
  const server = serve({ fetch: tracked(app.fetch, handling), hostname: host, port }) as Server
  const connections = openConnections(server, linger)
  await once(server, 'listening').catch(async (cause: unknown) => {
    await runs.close()
    throw addressUnavailable(host, port, cause)
  })
  const address = server.address() as AddressInfo
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const url = `http://${shown}:${address.port}`
  const background = startBackground(
    { ...options, url, metrics: backgroundMetrics(metrics.registry) },
    options.background,
  )
  const stop = async (): Promise<void> => {
    stopping = true
    const closed = once(server, 'close')
    const impatience = setTimeout(() => server.closeAllConnections(), patience)
    await connections.end()
    // Runs end after the requests that make some, which say when they begin that they are there.
    await within(longestHandling, Promise.all(handling))
    done = true
    await Promise.all([runs.close(), background.close()])
    await onDrain?.()
    // What is left are streams that go on elsewhere, and perhaps a request of this moment.
    const rest = setTimeout(() => server.closeAllConnections(), lastMoment)
    await closed
    clearTimeout(impatience)
    clearTimeout(rest)
    // Its connections have ended; its timer has not.
    server.close()
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= stop())
  return { url, close, [Symbol.asyncDispose]: close }
}

function tracked<Arguments extends unknown[]>(
  fetch: (...request: Arguments) => Response | Promise<Response>,
  handling: Set<Promise<unknown>>,
): (...request: Arguments) => Promise<Response> {
  return async (...request) => {
    const answer = Promise.resolve(fetch(...request))
    handling.add(answer)
    try {
      return await answer
    } finally {
      handling.delete(answer)
    }
  }
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)))
  await Promise.race([work, late])
  clearTimeout(timer)
}

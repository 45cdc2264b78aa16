import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { MetastoreError } from '../errors.ts'
import { ensureSystemAssistants } from '../store/store.ts'
import type { Services } from './app.ts'
import { backgroundMetrics } from './background/background-metrics.ts'
import { type BackgroundOptions, startBackground } from './background/background.ts'
import { createApp } from './create-app.ts'
import { type RunOptions, startRuns } from './runs/run-service.ts'
import { serverMetrics } from './requests/server-metrics.ts'

export type { Authenticate, Principal, Services } from './app.ts'
export { createApp } from './create-app.ts'
export type { BackgroundOptions } from './background/background.ts'
export { authentication, openToAll } from './authentication/authentication.ts'
export { tokenVerifier } from './authentication/json-web-tokens.ts'
export type * from './executors/executor.ts'
export { loadAnswer, loadExecutors } from './executors/load-executors.ts'
export { type ServerLog, serverLog } from './requests/request-log.ts'
export { serverMetrics } from './requests/server-metrics.ts'

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

/** Starts to answer requests. Throws `address_unavailable` when the address is taken or none of this machine. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port, onDrain, patience = 10_000 } = options
  const graphIds = options.executors.flatMap((executor) => executor.graphIds)
  await ensureSystemAssistants(options.store.admin.transaction, graphIds)
  const runs = startRuns(options, options.runs)
  let stopping = false
  const notReady = (): Promise<string | undefined> =>
    stopping ? Promise.resolve('The server is stopping.') : (options.notReady?.() ?? Promise.resolve(undefined))
  const metrics = options.metrics ?? serverMetrics(options.store)
  const app = createApp({ ...options, notReady, runs, metrics })
  const server = serve({ fetch: app.fetch, hostname: host, port }) as Server
  await once(server, 'listening').catch(async (cause: unknown) => {
    await runs.close()
    throw addressUnavailable(host, port, cause)
  })
  // Connections that are kept open are told to go with their next answer, and ended once they have it.
  server.prependListener('request', (_request, response) => {
    if (stopping) response.setHeader('Connection', 'close')
    response.once('close', () => stopping && setImmediate(() => server.closeIdleConnections()))
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
    server.close()
    server.closeIdleConnections()
    const impatience = setTimeout(() => server.closeAllConnections(), patience)
    await Promise.all([runs.close(), background.close()])
    await onDrain?.()
    server.closeIdleConnections()
    // What is left are streams that go on elsewhere, and perhaps a request of this moment.
    const rest = setTimeout(() => server.closeAllConnections(), lastMoment)
    await closed
    clearTimeout(impatience)
    clearTimeout(rest)
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= stop())
  return { url, close, [Symbol.asyncDispose]: close }
}

function addressUnavailable(host: string, port: number, cause: unknown): MetastoreError {
  const { code } = cause as NodeJS.ErrnoException
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there',
    EACCES: 'this user may not listen there',
    EADDRNOTAVAIL: 'the address is none of this machine',
    ENOTFOUND: 'there is no host of that name',
  }
  return new MetastoreError({
    code: 'address_unavailable',
    message: `The server cannot listen on ${host}:${port}: ${reasons[code ?? ''] ?? (cause as Error).message}.`,
    remedy: 'Choose another with --port and --host, or port and host in [server] of metastore.toml.',
    cause,
  })
}

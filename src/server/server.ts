import { serve } from '@hono/node-server'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { ensureSystemAssistants } from '../store/store.ts'
import { createApp, type Services } from './app.ts'
import { type RunOptions, startRuns } from './runs/run-service.ts'

export type { App, Authenticate, Environment, Principal, Services } from './app.ts'
export { createApp } from './app.ts'
export type * from './executor.ts'

/** Where a server listens, and what it works with. */
export interface ServerOptions extends Omit<Services, 'runs'> {
  readonly runs?: RunOptions | undefined
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
}

/** A server that answers. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:2024`, without a slash at the end. */
  readonly url: string
  /** Takes no more requests, lets those that it has come to their end, and stops. */
  close(): Promise<void>
}

/** Milliseconds between the end of runs and that of connections. */
const lastMoment = 500

/** Starts to answer requests. Throws what the operating system says when the port is taken. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const graphIds = options.executors.flatMap((executor) => executor.graphIds)
  await ensureSystemAssistants(options.store.admin.transaction, graphIds)
  const runs = startRuns(options, options.runs)
  const app = createApp({ ...options, runs })
  const server = serve({ fetch: app.fetch, hostname: options.host, port: options.port }) as Server
  await once(server, 'listening').catch(async (error: unknown) => {
    await runs.close()
    throw error
  })
  const { address, port, family } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    server.closeIdleConnections()
    await runs.close()
    server.closeIdleConnections()
    // What is left are streams that go on elsewhere, and perhaps a request of this moment.
    const rest = setTimeout(() => server.closeAllConnections(), lastMoment)
    await closed
    clearTimeout(rest)
  }
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`, close, [Symbol.asyncDispose]: close }
}

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type Version, versions } from './postgres-binaries.ts'
import { type PostgresServer, removeOrphan, serverDirectories, startPostgres } from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the servers of this run are asked for: `GET /18` answers with the URL of PostgreSQL 18. */
    postgresServers: string
  }
}

/**
 * Starts PostgreSQL for all test files of a run. Workers ask for a version over HTTP, so that a server that no test
 * asks for costs nothing. The one that nearly all ask for starts right away, while the files are being collected.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  serverDirectories().forEach(removeOrphan)
  const started = new Map<Version, Promise<PostgresServer>>()
  const start = (version: Version): Promise<PostgresServer> => {
    const server = started.get(version) ?? startPostgres(version)
    // Whoever asks for it hears of a failure; until then it must not end the run.
    server.catch(() => {})
    started.set(version, server)
    return server
  }

  const desk = createServer((request, response) => {
    const version = versions.find((each) => request.url === `/${each}`)
    if (version === undefined) return void response.writeHead(404).end()
    start(version).then(
      (server) => response.end(server.url('postgres')),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  }).listen(0, '127.0.0.1')
  await once(desk, 'listening')
  project.provide('postgresServers', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`)
  void start(18)

  return async () => {
    desk.closeAllConnections()
    desk.close()
    const servers = await Promise.allSettled(started.values())
    const running = servers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    await Promise.all(running.map((server) => server.stop()))
  }
}

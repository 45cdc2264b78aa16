import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type Version, versions } from './postgres-binaries.ts'
import type { SchemaTemplate } from './schema-templates.ts'
import { type PostgresServer, removeOrphan, serverDirectories, startPostgres } from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * Where the servers of this run are asked for: `GET /18` answers with the URL of PostgreSQL 18, `GET /18/schema` and
     * `GET /pglite/schema` with a database that has the shipped schema, to be copied.
     */
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

  const schemas = new Map<string, Promise<SchemaTemplate & { remove?(): void }>>()
  const schemaOf = async (engine: string): Promise<string> => {
    const { pgliteTemplate, postgresTemplate } = await import('./schema-templates.ts')
    const version = versions.find((each) => engine === String(each))
    const made =
      schemas.get(engine) ??
      (version === undefined
        ? pgliteTemplate()
        : start(version).then((server) => postgresTemplate(server.url('postgres'))))
    schemas.set(engine, made)
    return JSON.stringify(await made)
  }
  const answer = async (url: string): Promise<string | undefined> => {
    const [, engine = '', what] = url.split('/')
    if (what === 'schema') return schemaOf(engine)
    const version = versions.find((each) => engine === String(each))
    return version === undefined ? undefined : (await start(version)).url('postgres')
  }

  const desk = createServer((request, response) => {
    answer(request.url ?? '').then(
      (text) => (text === undefined ? response.writeHead(404).end() : response.end(text)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  }).listen(0, '127.0.0.1')
  await once(desk, 'listening')
  project.provide('postgresServers', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`)
  void start(18)

  return async () => {
    desk.closeAllConnections()
    desk.close()
    for (const made of await Promise.allSettled(schemas.values())) {
      if (made.status === 'fulfilled') made.value.remove?.()
    }
    const servers = await Promise.allSettled(started.values())
    const running = servers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    await Promise.all(running.map((server) => server.stop()))
  }
}

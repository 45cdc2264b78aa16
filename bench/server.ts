import { type Client as PostgresClient, Client, escapeIdentifier } from 'pg'
import type { Version } from '../test/harness/postgres-binaries.ts'
import { type PostgresServer, startPostgres } from '../test/harness/postgres-server.ts'

/** The server that everybody is measured on, with a new database for each who asks. */
export interface Server {
  /** PostgreSQL's version, as it says it. */
  readonly version: string
  /** The settings that matter for the figures, as `name=value`. */
  readonly settings: readonly string[]
  /** Makes a database and returns its URL: an empty one, or a copy of one that nobody is connected to. */
  freshDatabase(templateUrl?: string): Promise<string>
  /** Removes a database, whoever is connected. */
  dropDatabase(url: string): Promise<void>
  /** Runs work on a session of its own. */
  withClient<T>(url: string, work: (client: PostgresClient) => Promise<T>): Promise<T>
  /** What the server has logged about a database, a line for each entry. */
  log(url: string): string[]
  stop(): Promise<void>
}

const shownSettings = ['fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_connections']

/** What makes a commit wait until it is on the disk, as PostgreSQL has it unless told otherwise. */
export const durable = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' } as const

/** Starts a PostgreSQL of the benchmark's own; it does not wait for the disk unless the settings say so. */
export async function startServer(
  major: Version = 18,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const server = await startPostgres(major, {
    settings: { log_line_prefix: '%d ', shared_buffers: '128MB', ...settings },
  })
  const administration = server.url('postgres')
  const { version, shown } = await withClient(administration, async (client) => {
    const version = await client.query<{ server_version: string }>('show server_version')
    const found = await client.query<{ name: string; value: string }>(
      'select name, current_setting(name) as value from pg_settings where name = any($1) order by name',
      [shownSettings],
    )
    return {
      version: version.rows[0]?.server_version ?? '',
      shown: found.rows.map(({ name, value }) => `${name}=${value}`),
    }
  })
  let count = 0
  return {
    version,
    settings: shown,
    async freshDatabase(templateUrl) {
      const name = `bench_${++count}`
      // Copying its files takes a fraction of the time that writing its rows anew takes.
      const copy =
        templateUrl === undefined ? '' : ` template ${escapeIdentifier(databaseName(templateUrl))} strategy file_copy`
      await withClient(administration, (client) => client.query(`create database ${escapeIdentifier(name)}${copy}`))
      // dbmate asks for encryption unless told not to.
      return `${server.url(name)}?sslmode=disable`
    },
    async dropDatabase(url) {
      const drop = `drop database ${escapeIdentifier(databaseName(url))} with (force)`
      await withClient(administration, (client) => client.query(drop))
    },
    withClient,
    log: (url) => logOf(server, databaseName(url)),
    stop: () => server.stop(),
  }
}

/** The name of the database that a URL leads to. */
export function databaseName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1))
}

// An entry's further lines begin with a tab.
function logOf(server: PostgresServer, database: string): string[] {
  return server
    .log()
    .replaceAll('\n\t', ' ')
    .split('\n')
    .filter((line) => line.startsWith(`${database} `))
    .map((line) => line.slice(database.length + 1))
}

async function withClient<T>(url: string, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  const client = new Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

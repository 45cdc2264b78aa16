import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findBinaries, unprivileged, type Version } from './postgres-binaries.ts'

const directoryPrefix = 'metastore-postgres-'
const temporary = realpathSync(tmpdir())

/** The directories of all servers there are, also of those that a killed run has left behind. */
export function serverDirectories(): string[] {
  const names = readdirSync(temporary).filter((name) => name.startsWith(directoryPrefix))
  return names.map((name) => path.join(temporary, name))
}

/** A PostgreSQL server of the tests' own, on 127.0.0.1. */
export interface PostgresServer {
  readonly version: Version
  readonly port: number
  /** Also the directory of its Unix-domain socket. */
  readonly directory: string
  readonly pid: number
  /** The URL of a database on it, as the superuser, who needs no password. */
  url(database: string): string
  /** What it has logged. */
  log(): string
  /** Stops it at once and removes its directory. */
  stop(): Promise<void>
}

/** What a test may want different. */
export interface ServerSettings {
  readonly port?: number
  /** Lines of `-c` settings. */
  readonly settings?: Readonly<Record<string, string>>
  /** The lines of pg_hba.conf. */
  readonly access?: readonly string[]
  /** Files to put beside its data, readable by the server only: their paths go into `settings` as `$DIR/name`. */
  readonly files?: Readonly<Record<string, string>>
}

// The superuser comes in freely, because SCRAM costs several milliseconds a connection; everybody else needs a password.
const access = [
  'local all all trust',
  'host all postgres 127.0.0.1/32 trust',
  'host all all 127.0.0.1/32 scram-sha-256',
]

/** Makes a new cluster and starts a server on it. */
export async function startPostgres(version: Version, wanted: ServerSettings = {}): Promise<PostgresServer> {
  const cluster = await createCluster(version)
  return startCluster(cluster, wanted).catch((error: unknown) => {
    rmSync(cluster.directory, { recursive: true, force: true })
    throw error
  })
}

/** A cluster on disk that no server runs on yet. */
export interface Cluster {
  readonly version: Version
  readonly directory: string
}

/** Makes a cluster: the slow part of a start. */
export async function createCluster(version: Version): Promise<Cluster> {
  const { initdb } = findBinaries(version)
  const directory = mkdtempSync(path.join(temporary, `${directoryPrefix}${process.pid}-`))
  const data = path.join(directory, 'data')
  const owner = unprivileged()
  mkdirSync(data, { mode: 0o700 })
  chmodSync(directory, 0o755)
  if (owner) {
    chownSync(directory, owner.uid, owner.gid)
    chownSync(data, owner.uid, owner.gid)
  }
  const flags = ['--no-sync', '--locale=C.UTF-8', '--encoding=UTF8', '--auth=trust', '--username=postgres']
  const child = spawn(initdb, ['-D', data, ...flags], { ...owner, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) {
    rmSync(directory, { recursive: true, force: true })
    throw new Error(`initdb of PostgreSQL ${version} failed: ${said}`)
  }
  return { version, directory }
}

/** Starts a server on a cluster and waits until it answers. */
export async function startCluster(cluster: Cluster, wanted: ServerSettings = {}): Promise<PostgresServer> {
  const { version, directory } = cluster
  const data = path.join(directory, 'data')
  const port = wanted.port ?? (await freePort())
  const owner = unprivileged()
  writeFileSync(path.join(data, 'pg_hba.conf'), [...(wanted.access ?? access), ''].join('\n'))
  for (const [name, text] of Object.entries(wanted.files ?? {})) {
    const file = path.join(directory, name)
    writeFileSync(file, text, { mode: 0o600 })
    if (owner) chownSync(file, owner.uid, owner.gid)
  }
  const child = spawn(findBinaries(version).postgres, ['-D', data, '-p', String(port), ...flags(directory, wanted)], {
    ...owner,
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-1_000_000)))
  const stopAtExit = (): boolean => child.kill('SIGQUIT')
  process.once('exit', stopAtExit)
  await ready(child, () => said)
  return {
    version,
    port,
    directory,
    pid: child.pid ?? 0,
    url: (database) => `postgres://postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    log: () => said,
    async stop() {
      process.removeListener('exit', stopAtExit)
      await end(child)
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Ends what a killed run has left running in such a directory, and removes it; that of a live run is left alone. */
export function removeOrphan(directory: string): void {
  const owner = Number.parseInt(path.basename(directory).slice(directoryPrefix.length), 10)
  if (isRunning(owner)) return
  try {
    const lines = readFileSync(path.join(directory, 'data', 'postmaster.pid'), 'utf8').split('\n')
    // The file names its data directory too: a process that merely got the same number later is left alone.
    if (lines[1] === path.join(directory, 'data') && isPostgres(Number(lines[0])))
      process.kill(Number(lines[0]), 'SIGQUIT')
  } catch {
    // Not started, or already gone.
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

function flags(directory: string, wanted: ServerSettings): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: directory,
    // Nothing here needs to outlive a power cut.
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: '200',
    shared_buffers: '32MB',
    log_line_prefix: '%p ',
    ...wanted.settings,
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value.replaceAll('$DIR', directory)}`])
}

function ready(child: ChildProcess, said: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', () => {
      if (/database system is ready to accept (?:read-only )?connections/.test(said())) resolve()
    })
    child.once('error', reject)
    child.once('close', () => reject(new Error(`PostgreSQL did not start: ${said()}`)))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGQUIT')
  await closed
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')
  } catch (error) {
    // No /proc, as on macOS: the data directory in its own file has to do.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux'
  }
}

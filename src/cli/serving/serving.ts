import { setMaxListeners } from 'node:events'
import { access } from 'node:fs/promises'
import path from 'node:path'
import { MetastoreError } from '../../errors.ts'
import type { Keyring } from '../../secrets/keyring.ts'
import type { Authenticate, ServerLog, ServerOptions } from '../../server/server.ts'
import type { Store } from '../../store/store.ts'
import { openAssistantStore } from './assistant-store.ts'
import type { OptionDefinition } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { embeddingsOf, warnWithoutVectors } from './embedding-settings.ts'
import { list, text, type Input } from '../input.ts'
import { webhookSettings } from './webhook-settings.ts'

/** The options of commands that serve; each wins over the setting of its name. */
export const servingOptions: readonly OptionDefinition[] = [
  { flags: '--host <host>', description: 'the address to listen on (default: the setting server_host, 127.0.0.1)' },
  { flags: '--port <port>', description: 'the port, 0 for any that is free (default: the setting server_port, 2024)' },
  { flags: '--auth <who>', description: 'keys (default), or none: everybody, on this machine alone' },
  { flags: '--cors <origin...>', description: 'the origins of pages whose scripts may ask' },
  { flags: '--graphs <file>', description: 'the langgraph.json that names the graphs to execute' },
]

/** A server that answers, as the one who started it is told. */
export interface Started {
  readonly url: string
  readonly store: Store
  readonly version: string | null
  readonly open: boolean
}

/** What serving is told besides the command line and the settings. */
export interface ServeDatabase {
  /** The log level where neither a setting nor a variable says one. */
  readonly quietly?: boolean
  /** Called when it answers. */
  readonly onStarted: (started: Started) => Promise<void>
}

/** Answers requests until the process is told to stop, then lets those under way come to their end. */
export function serveDatabase(
  entry: DatabaseEntry,
  input: Input,
  context: Context,
  serving: ServeDatabase,
): Promise<void> {
  // Requests and runs are no parts of the command, whose span ends with the process.
  return context.telemetry.detached(() => serve(entry, input, context, serving))
}

async function serve(
  entry: DatabaseEntry,
  input: Input,
  context: Context,
  { quietly = false, onStarted }: ServeDatabase,
): Promise<void> {
  const { settings } = entry
  const where = addressOf(entry, input)
  const { loadAnswer, loadExecutors, logStrayFailures, serverLog, serverMetrics, startServer } =
    await import('../../server/server.ts')
  const { loadScript } = await import('../../migrations/load-script.ts')
  const level = quietly && settings.origins.serverLog.from === 'default' ? 'error' : settings.serverLog
  const log = serverLog(level, (line) => context.output.log(line.trimEnd()))
  using _ = logStrayFailures(log)
  // The branches of a graph all listen to the signal of their run: more than ten are no leak, and no reason for a warning.
  setMaxListeners(0)
  const graphs = graphsOf(entry, input, context)
  if (graphs === undefined) await tellOfGraphs(context)
  const embeddings = await embeddingsOf(entry, graphs, context, log)
  await using opened = await openAssistantStore(entry, settings.serverConnections, embeddings)
  const { store, version } = opened
  await warnWithoutVectors(store, log)
  const keys = await keysOf(entry, context)
  const options: ServerOptions = {
    host: where.host,
    port: where.port,
    store,
    executors: await loadExecutors({ graphs, load: loadScript, keys }),
    answer: loadAnswer(keys),
    encryption: keys,
    authenticate: await authenticateFor(entry, where.open, store, { context, log }),
    open: where.open,
    logFailure: (error, requestId) => log.failure(error, { requestId }),
    logRequest: (answered) => log.request(answered),
    bodyLimits: { bytes: settings.serverBodyMb * 1_000_000, depth: 100 },
    ...(settings.serverRequestsPerMinute > 0 && { requestsPerMinute: settings.serverRequestsPerMinute }),
    corsOrigins: list(input, 'cors').length > 0 ? list(input, 'cors') : settings.serverCors,
    metrics: serverMetrics(store, { ofProcess: true }),
    notReady: opened.whyNot,
    linger: settings.serverLinger,
    telemetry: context.telemetry,
  }
  await using server = await startServer({
    ...options,
    background: { webhooks: await webhookSettings(entry.settings, context.secrets) },
  })
  log.event('listening', { url: server.url, version, authentication: where.open ? 'none' : 'keys' })
  await onStarted({ url: server.url, store, version, open: where.open })
  await aborted(context.signal)
  await server.close()
  log.event('stopped')
}

/** Where a server listens and whether it lets everybody in. Throws `usage` and `server_open`, before anything is done. */
export function addressOf({ settings }: DatabaseEntry, input: Input): { host: string; port: number; open: boolean } {
  const host = text(input, 'host') ?? settings.serverHost
  const auth = text(input, 'auth') ?? settings.serverAuth
  if (auth !== 'keys' && auth !== 'none') {
    throw usage(`--auth cannot be ${JSON.stringify(auth)}.`, 'Use --auth keys or --auth none.')
  }
  const open = auth === 'none'
  if (open && !isLoopback(host)) throw openToOthers(`The server would listen on ${host} and let everybody in.`)
  if (open && (text(input, 'environment') ?? settings.environment) === 'production') {
    throw openToOthers('The database is marked as production, and the server would let everybody in.')
  }
  return { host, port: portOf(text(input, 'port')) ?? settings.serverPort, open }
}

function portOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given)
  throw usage(`--port cannot be ${JSON.stringify(given)}.`, 'Give a number from 0 to 65535.')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

async function authenticateFor(
  { settings }: DatabaseEntry,
  open: boolean,
  store: Store,
  { context, log }: { readonly context: Context; readonly log: ServerLog },
): Promise<Authenticate> {
  const { authentication, openToAll, tokenVerifier } = await import('../../server/server.ts')
  if (open) {
    const tenant = await store.admin.tenants.find(settings.serverTenant)
    if (tenant === undefined) throw tenantUnknown(settings.serverTenant)
    return openToAll(tenant.id)
  }
  const { serverJwks: keys } = settings
  const onFailure = (error: unknown): void => log.failure(error)
  if (keys === null) return authentication({ store, onFailure })
  const { directory } = await context.project()
  const verifyToken = await tokenVerifier(store, {
    keySet: /^https?:\/\//.test(keys) ? keys : path.resolve(directory, keys),
    issuer: settings.serverJwtIssuer ?? undefined,
    audience: settings.serverJwtAudience ?? undefined,
    claims: {
      tenant: settings.serverJwtTenantClaim,
      role: settings.serverJwtRoleClaim,
      user: settings.serverJwtUserClaim,
    },
  })
  return authentication({ store, verifyToken, onFailure })
}

/** The keys that tenants' secrets are encrypted with; undefined where none is given, so that none can be kept. */
async function keysOf(entry: DatabaseEntry, context: Context): Promise<Keyring | undefined> {
  const { keySourceOf, openKeyring } = await import('../keyring.ts')
  if (keySourceOf(entry.settings, await context.project()) === undefined) return undefined
  return openKeyring(entry, context)
}

function graphsOf({ settings }: DatabaseEntry, input: Input, { workingDirectory }: Context): string | undefined {
  const given = text(input, 'graphs')
  return given === undefined ? settings.serverGraphs?.absolute : path.resolve(workingDirectory, given)
}

// It may be another language's, or another server's: whose it is has to be said.
async function tellOfGraphs({ output, workingDirectory }: Context): Promise<void> {
  const isThere = await access(path.join(workingDirectory, 'langgraph.json')).then(
    () => true,
    () => false,
  )
  if (isThere) output.say('The graphs of langgraph.json here are not served: add --graphs langgraph.json for that.')
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Refuses a tenant that is not there. */
export function tenantUnknown(name: string): MetastoreError {
  return new MetastoreError({
    code: 'not_found',
    message: `There is no tenant ${JSON.stringify(name)}.`,
    remedy: 'Name one by its id, its name or its domain.',
  })
}

function openToOthers(message: string): MetastoreError {
  return new MetastoreError({
    code: 'server_open',
    message,
    remedy: 'Leave --auth none out and make keys with metastore api-keys create, or listen on 127.0.0.1.',
  })
}

function usage(message: string, remedy: string): MetastoreError {
  return new MetastoreError({ code: 'usage', message, remedy })
}

import { Client, type ClientConfig } from 'pg'
import type { PostgresTarget } from '../driver.ts'
import { canceled } from './canceled.ts'
import { connectionFailure, mayBePlain, NoChannelBinding, NoPassword, WrongKindOfServer } from './connection-failure.ts'
import { type Protection, protections } from './tls.ts'
import { internals } from './wire.ts'

/** How a connection was made, for whoever has to make another to the same server. */
export interface ConnectionSettings {
  readonly host: string
  readonly port: number
  readonly ssl: Protection
  readonly sslNegotiation: 'postgres' | 'direct'
}

/** A connection, and what the server said of itself. */
export interface Connected {
  readonly client: Client
  readonly settings: ConnectionSettings
  /** As the server says it: `18.4 (Debian 18.4-1)`. */
  readonly version: string
}

/** What may differ from connection to connection. */
export interface ConnectOptions {
  /** Instead of the URL's application_name. */
  readonly applicationName?: string | undefined
  /** The only way to try, when it is known which works. */
  readonly ssl?: Protection | undefined
  readonly signal?: AbortSignal | undefined
}

const defaultTimeout = 10

/** Connects once. Throws `connection_failed`, or `canceled` when the signal aborts. */
export async function connect(target: PostgresTarget, options: ConnectOptions = {}): Promise<Connected> {
  const ways = options.ssl === undefined ? protections(target) : [options.ssl]
  for (const [index, ssl] of ways.entries()) {
    try {
      return await connectOnce(target, ssl, options)
    } catch (error) {
      if (options.signal?.aborted) throw canceled(undefined, error)
      if (index === ways.length - 1 || !mayBePlain(error)) throw connectionFailure(error, target)
    }
  }
  throw new Error('There is no way to connect.')
}

async function connectOnce(target: PostgresTarget, ssl: Protection, options: ConnectOptions): Promise<Connected> {
  const client = new Client(configuration(target, ssl, options))
  // Without a listener, a connection that breaks while nobody uses it would end the process. Whoever uses it next is told.
  client.on('error', () => {})
  const { connection } = internals(client)
  let version = ''
  let bound = false
  connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (parameterName === 'server_version') version = parameterValue
  })
  connection.on('authenticationSASL', ({ mechanisms }) => (bound = mechanisms.includes('SCRAM-SHA-256-PLUS')))
  const abort = (): void => void connection.stream.destroy()
  options.signal?.addEventListener('abort', abort)
  try {
    options.signal?.throwIfAborted()
    await client.connect()
    if (target.parameters['channel_binding'] === 'require' && !bound) throw new NoChannelBinding()
    await checkKind(client, target.parameters['target_session_attrs'])
  } catch (error) {
    connection.stream.destroy()
    throw error
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
  const sslNegotiation = target.parameters['sslnegotiation'] === 'direct' ? 'direct' : 'postgres'
  return { client, settings: { host: target.host, port: target.port, ssl, sslNegotiation }, version }
}

function configuration(target: PostgresTarget, ssl: Protection, options: ConnectOptions): ClientConfig {
  const { parameters } = target
  const { application_name, fallback_application_name, connect_timeout, channel_binding, sslnegotiation } = parameters
  return {
    host: target.host,
    port: target.port,
    user: target.user,
    database: target.database,
    password: () => {
      if (!target.password) throw new NoPassword()
      return target.password
    },
    ssl,
    ...(ssl !== false && sslnegotiation === 'direct' ? { sslnegotiation: 'direct' } : {}),
    ...(parameters['options'] ? { options: parameters['options'] } : {}),
    enableChannelBinding: ssl !== false && channel_binding !== 'disable',
    application_name: options.applicationName ?? application_name ?? fallback_application_name ?? 'metastore',
    connectionTimeoutMillis: Number(connect_timeout ?? defaultTimeout) * 1000,
    // So that a connection whose other end is gone without a word is noticed.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

async function checkKind(client: Client, wanted: string | undefined): Promise<void> {
  if (wanted === undefined || wanted === 'any' || wanted === 'prefer-standby') return
  const { rows } = await client.query<{ standby: boolean; readonly: boolean }>(
    `select pg_is_in_recovery() as standby, current_setting('transaction_read_only')::boolean as readonly`,
  )
  const { standby = false, readonly = false } = rows[0] ?? {}
  const fits = { 'read-write': !readonly, 'read-only': readonly, primary: !standby, standby }[wanted]
  if (!fits) throw new WrongKindOfServer(wanted)
}

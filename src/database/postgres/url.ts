import { userInfo } from 'node:os'
import type { PostgresTarget } from '../driver.ts'
import { checkParameters, parts } from './parameters.ts'
import { invalidUrl } from '../invalid-url.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Reads what follows `postgres:`, as libpq would. */
export function parsePostgresUrl(rest: string, environment: Environment): PostgresTarget {
  const written = split(rest)
  const named = (name: (typeof parts)[number], variable: string): string | undefined =>
    written.parameters.get(name) ?? written[name] ?? nonEmpty(environment[variable])
  const host = checkHost(named('host', 'PGHOST') ?? 'localhost')
  const port = checkPort(named('port', 'PGPORT') ?? '5432')
  const user = named('user', 'PGUSER') ?? systemUser()
  const password = named('password', 'PGPASSWORD')
  const database = named('dbname', 'PGDATABASE') ?? user ?? 'postgres'
  const given = new Map([...written.parameters].filter(([name]) => !(parts as readonly string[]).includes(name)))
  return assemble({ host, port, user, password, database, parameters: checkParameters(given, environment) })
}

/** The target of the same server, role and parameters, but another database. */
export function withDatabase(target: PostgresTarget, database: string): PostgresTarget {
  return assemble({ ...target, database })
}

/** The target of the same database, for sessions that look names up in these schemas. */
export function withSearchPath(target: PostgresTarget, schemas: readonly string[]): PostgresTarget {
  // In a startup option a backslash keeps a space or a backslash in a value.
  const names = schemas.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')
  const option = `-c search_path=${names.replaceAll(/[\\ ]/g, (character) => `\\${character}`)}`
  const before = target.parameters['options']
  const options = before === undefined ? option : `${before} ${option}`
  return assemble({ ...target, parameters: { ...target.parameters, options } })
}

function assemble(target: Omit<PostgresTarget, 'driver' | 'url' | 'address'>): PostgresTarget {
  const { host, port, user, password, database } = target
  const socket = host.startsWith('/')
  const place = socket ? '' : `${host.includes(':') ? `[${host}]` : host}:${port}`
  const name = encodeURIComponent(database)
  const query = new URLSearchParams(socket ? { host, port: String(port) } : {})
  const address = `postgres://${user === undefined ? '' : `${encodeURIComponent(user)}@`}${place}/${name}${suffix(query)}`
  for (const [key, value] of Object.entries(target.parameters)) query.set(key, value)
  const login = [user ?? '', ...(password === undefined ? [] : [password])].map(encodeURIComponent).join(':')
  const url = `postgres://${login === '' ? '' : `${login}@`}${place}/${name}${suffix(query)}`
  return { driver: 'postgres', address, url, host, port, user, password, database, parameters: target.parameters }
}

function suffix(query: URLSearchParams): string {
  return query.size === 0 ? '' : `?${query.toString().replaceAll('+', '%20').replaceAll('%2F', '/')}`
}

interface Written {
  readonly user: string | undefined
  readonly password: string | undefined
  readonly host: string | undefined
  readonly port: string | undefined
  readonly dbname: string | undefined
  readonly parameters: ReadonlyMap<string, string>
}

function split(rest: string): Written {
  if (!rest.startsWith('//')) {
    throw invalidUrl(
      'The database URL has no // after postgres:.',
      'Write it as postgres://USER@HOST:PORT/DATABASE, with both slashes.',
    )
  }
  const [, authority = '', path = '', query = '', fragment] =
    /^\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(rest) ?? []
  const at = authority.lastIndexOf('@')
  // `postgres://app:a/b@host/db`: the password has ended the host too early, and its rest would pass for a database name.
  const early = at < 0 && /:(?!\d*$)/.test(authority.replace(/^\[[^\]]*\]/, '')) && query.includes('@')
  if (early || path.includes('@') || fragment !== undefined) throw unencoded()
  const login = at < 0 ? '' : authority.slice(0, at)
  const colon = login.indexOf(':')
  const place = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(authority.slice(at + 1))
  if (place === null) {
    throw invalidUrl(
      'The host in the database URL holds more than one colon.',
      'Write an IPv6 address in brackets, as in postgres://app@[::1]:5432/app.',
    )
  }
  return {
    user: decode(nonEmpty(colon < 0 ? login : login.slice(0, colon)), 'user name'),
    password: colon < 0 ? undefined : decode(nonEmpty(login.slice(colon + 1)), 'password'),
    host: decode(nonEmpty((place[1] ?? '').replace(/^\[(.*)\]$/s, '$1')), 'host'),
    port: nonEmpty(place[2]),
    dbname: decode(nonEmpty(path.slice(1)), 'database name'),
    parameters: splitQuery(query.slice(1)),
  }
}

function splitQuery(query: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of query.split('&').filter((each) => each !== '')) {
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals), 'name of a parameter') ?? ''
    const value = equals < 0 ? '' : (decode(pair.slice(equals + 1), `value of a parameter`) ?? '')
    if (parameters.has(name)) throw invalidUrl('The database URL has a parameter twice.', 'Keep one of the two.')
    parameters.set(name, value)
  }
  return parameters
}

function decode(text: string | undefined, what: string): string | undefined {
  if (text === undefined) return undefined
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw invalidUrl(
      `The ${what} in the database URL holds a % that does not begin a percent escape.`,
      'Write a percent sign itself as %25.',
    )
  }
  if (decoded.includes('\0')) throw invalidUrl(`The ${what} in the database URL holds a zero byte.`, 'Remove the %00.')
  return decoded
}

function checkHost(host: string): string {
  if (!host.startsWith('/') && host.includes(',')) {
    throw invalidUrl(
      'The database URL names several hosts, and metastore connects to one.',
      'Name the primary server, or a proxy that leads to it.',
    )
  }
  if (/\s/.test(host) && !host.startsWith('/')) {
    throw invalidUrl('The host in the database URL holds white space.', 'Write the host without it.')
  }
  return host
}

function checkPort(port: string): number {
  if (port.includes(',')) return Number(checkHost(port))
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0
  if (number < 1 || number > 65_535) {
    // What stands there may be the rest of a password, so it is not shown.
    throw invalidUrl(
      'The port in the database URL is not a number from 1 to 65535.',
      'Write the port after the host, as in postgres://app@localhost:5432/app; in a password, write : as %3A and @ as %40.',
    )
  }
  return number
}

function unencoded(): Error {
  return invalidUrl(
    'The database URL holds a /, ?, # or @ where none can stand.',
    'In a user name, a password or a database name, write / as %2F, ? as %3F, # as %23 and @ as %40.',
  )
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function systemUser(): string | undefined {
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return undefined
  }
}

import path from 'node:path'
import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import type { DatabaseTarget } from './driver.ts'
import { invalidUrl } from './invalid-url.ts'
import { parsePostgresUrl, withDatabase, withSearchPath } from './postgres/url.ts'

const schemes = {
  postgres: 'postgres',
  postgresql: 'postgres',
  pglite: 'pglite',
  sqlite: 'sqlite',
  sqlite3: 'sqlite',
} as const
const forms = 'postgres://USER@HOST:PORT/DATABASE, pglite:DIRECTORY, pglite:memory, sqlite:FILE or sqlite::memory:'

/**
 * Reads a database URL. SQLAlchemy's `+driver` after the scheme is ignored. Relative paths are relative to `directory`;
 * what the URL of a PostgreSQL server leaves out comes from libpq's variables (`PGPASSWORD` and so on) in `environment`.
 * Throws `url_invalid`, whose message never holds a password.
 */
export function parseDatabaseUrl(
  url: string,
  directory: string = process.cwd(),
  environment: Readonly<Record<string, string | undefined>> = process.env,
): DatabaseTarget {
  const text = url.trim()
  if (text === '') throw invalidUrl('The database URL is empty.', `Give a URL such as ${forms}.`)
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9.-]*)(?:\+[a-z0-9_.-]*)?:(.*)$/is.exec(text) ?? []
  const known = Object.entries(schemes).find(([name]) => name === scheme.toLowerCase())?.[1]
  if (known === undefined) throw unknownScheme(scheme, rest)
  if (/[\u0000-\u001f\u007f]/.test(rest)) {
    throw invalidUrl(
      'The database URL holds a control character, such as a line break.',
      'Remove it, or percent-encode it where it is meant.',
    )
  }
  if (known === 'postgres') return parsePostgresUrl(rest, environment)

  const file = parseFile(known, rest)
  const absolute = file === null ? null : path.resolve(directory, file)
  if (known === 'pglite') return { driver: 'pglite', directory: absolute, address: `pglite:${file ?? 'memory'}` }
  return { driver: 'sqlite', file: absolute, address: `sqlite:${file ?? ':memory:'}` }
}

/** The URL of another database on the same server. Throws `not_supported` where there is no server. */
export function urlOfDatabase(url: string, database: string): string {
  const target = parseDatabaseUrl(url)
  if (target.driver !== 'postgres') throw noServer(target.address)
  return withDatabase(target, database).url
}

/**
 * The URL of the same database for sessions whose names without a schema mean this one, and then public. Throws `not_supported`
 * where sessions cannot be told so.
 */
export function urlOfSchema(url: string, schema: string): string {
  const target = parseDatabaseUrl(url)
  if (target.driver !== 'postgres') throw noServer(target.address)
  return withSearchPath(target, [schema, ...(schema === 'public' ? [] : ['public'])]).url
}

/** A database URL as it may be shown to people: without its password, and without what cannot be understood of it. */
export function redactUrl(url: string): string {
  try {
    return parseDatabaseUrl(url).address
  } catch {
    const [, scheme = ''] = /^\s*([a-z0-9]+)(?:\+[a-z0-9_]*)?:/i.exec(url) ?? []
    return Object.hasOwn(schemes, scheme.toLowerCase()) ? `${scheme.toLowerCase()}:...` : '...'
  }
}

/** The path of an embedded database, or null for one in memory. */
function parseFile(driver: 'pglite' | 'sqlite', rest: string): string | null {
  if (/[?#]/.test(rest)) {
    throw invalidUrl(
      `A ${driver}: URL takes no parameters, so it cannot hold ? or #.`,
      `Write ${driver}: and the path alone, and rename a path that holds one of these characters.`,
    )
  }
  // SQLAlchemy's spelling: two slashes and an empty host, then a slash that belongs to the URL and not to the path.
  const alchemy = /^\/\/(.*)$/s.exec(rest)
  if (alchemy !== null) {
    const named = alchemy[1] ?? ''
    if (named === '' && driver === 'sqlite') return null
    if (named !== '' && !named.startsWith('/')) {
      throw invalidUrl(
        `A ${driver}: URL has no host, but two slashes are followed by one.`,
        `Write ${driver}:${named} for that path from the project's directory, or ${driver}:/${named} for an absolute one.`,
      )
    }
  }
  const file = alchemy === null ? rest : (alchemy[1] ?? '').slice(1)
  if (file === ':memory:') return null
  if (file === 'memory') {
    if (driver === 'pglite') return null
    throw invalidUrl(
      'sqlite:memory may mean a database in memory or a file of that name.',
      'Write sqlite::memory: for a database in memory, or sqlite:./memory for the file.',
    )
  }
  if (file.trim() === '') {
    throw invalidUrl(
      `The database URL names no ${driver === 'pglite' ? 'directory' : 'file'} after ${driver}:.`,
      `Write ${driver === 'pglite' ? 'pglite:DIRECTORY or pglite:memory' : 'sqlite:FILE or sqlite::memory:'}.`,
    )
  }
  return file
}

function unknownScheme(scheme: string, rest: string): MetastoreError {
  // `user:password@host` has no scheme: what stands before its colon is shown only where it must be one.
  if (!rest.startsWith('//') && nearest(scheme.toLowerCase(), Object.keys(schemes)) === undefined) {
    return invalidUrl(
      'The database URL does not begin with a scheme such as postgres:.',
      `Give a URL such as ${forms}.`,
    )
  }
  const meant = nearest(scheme.toLowerCase(), Object.keys(schemes))
  return invalidUrl(
    `There is no kind of database with the URL scheme ${scheme}:.`,
    meant === undefined ? `Give a URL such as ${forms}.` : `Did you mean ${meant}:? The URLs are ${forms}.`,
  )
}

function noServer(address: string): MetastoreError {
  return new MetastoreError({
    code: 'not_supported',
    message: `${address} is no PostgreSQL server, so its databases and schemas cannot be migrated one by one.`,
    where: address,
    remedy: 'Give each member a URL of its own: url = "sqlite:tenants/{name}.db".',
  })
}

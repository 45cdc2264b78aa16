import { MetastoreError } from '../../errors.ts'
import type { Flags } from '../../project/flags.ts'
import { readProject, type ProjectSource } from '../../project/read.ts'
import { readVariables } from '../../project/variables.ts'
import path from 'node:path'
import { text, type Input } from '../input.ts'

/** The parts of a connection, with the option, the variable and the default of each. */
const parts = {
  host: { option: 'host', variable: 'DB_HOST', default: 'localhost' },
  port: { option: 'port', variable: 'DB_PORT', default: '5432' },
  database: { option: 'database', variable: 'DB_NAME', default: 'postgres' },
  username: { option: 'username', variable: 'DB_USERNAME', default: 'postgres' },
  password: { option: 'password', variable: 'DB_PASSWORD', default: 'postgres' },
} as const

type PartName = keyof typeof parts

const partNames = Object.keys(parts) as PartName[]

/** What one source says about the connection: the flags, the environment, or .env. */
interface Said {
  readonly url: string | undefined
  readonly part: (name: PartName) => string | undefined
}

/**
 * The flags of a command that is told its database as Reshape is: by a URL or by the parts of one. Flags win over the
 * environment, and that over .env; within one of them the URL wins. Where none of them says anything, it is the database that
 * metastore.toml declares, and without one `postgres` at localhost. Throws `usage`, `configuration_invalid`.
 */
export async function serverFlags(input: Input, source: ProjectSource, flags: Flags): Promise<Flags> {
  const declared = await readProject({ ...source, flags: {} })
  const [only, another] = declared.databases
  if (another !== undefined) throw severalDeclared(declared.databases.length)
  const variables = await readVariables(source.environment, source.directory, path.join(source.directory, '.env'))
  const said = [saidByFlags(input), saidByVariables(variables.process), saidByVariables(variables.file)]
  const first = said.find(({ url, part }) => url !== undefined || partNames.some((name) => part(name) !== undefined))
  const given = first === undefined ? undefined : (first.url ?? assemble(said))
  const url = given ?? (only?.origins.url.from === 'default' ? assemble([]) : undefined)
  return { ...flags, database: undefined, url }
}

function saidByFlags(input: Input): Said {
  return { url: text(input, 'url'), part: (name) => text(input, parts[name].option) }
}

// An empty variable is one that is not set, as everywhere.
function saidByVariables(variables: Readonly<Record<string, string | undefined>>): Said {
  const value = (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined) || undefined
  return { url: value('DB_URL'), part: (name) => value(parts[name].variable) }
}

function assemble(said: readonly Said[]): string {
  const value = (name: PartName) =>
    said.map(({ part }) => part(name)).find((each) => each !== undefined) ?? parts[name].default
  const port = value('port')
  if (!/^\d{1,5}$/.test(port)) throw portInvalid()
  const host = value('host')
  const encoded = (name: PartName) => encodeURIComponent(value(name))
  const login = `${encoded('username')}:${encoded('password')}`
  // A path is the directory of a socket; an IPv6 address stands in brackets.
  if (host.startsWith('/')) {
    return `postgres://${login}@/${encoded('database')}?host=${encodeURIComponent(host)}&port=${port}`
  }
  const place = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return `postgres://${login}@${place}:${port}/${encoded('database')}`
}

function portInvalid(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'The port of the server is not a number from 1 to 65535.',
    where: '--port or DB_PORT',
    remedy: 'Give digits only, as in --port 5432.',
  })
}

function severalDeclared(count: number): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `metastore migration is for a project with one database, and metastore.toml declares ${count}.`,
    where: 'metastore migration',
    remedy: 'Use metastore start, metastore complete and metastore abort, with --database NAME.',
  })
}

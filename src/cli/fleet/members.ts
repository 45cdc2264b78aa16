import { urlOfDatabase, urlOfSchema } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { namesByPattern, namesByQuery } from '../../migrations/migrations.ts'
import { nearest } from '../../nearest.ts'
import type { Fleet } from '../../project/fleets.ts'
import { findDatabase, type DatabaseSettings, type Project } from '../../project/project.ts'
import { resolveTemplate } from '../../project/references.ts'
import { shownName } from '../../project/shown.ts'
import type { Context, DatabaseEntry } from '../context.ts'

/** The fleet that is meant: the one that is named, or the only one. Throws `fleet_unknown`. */
export function findFleet({ fleets, file }: Project, named: string | undefined): Fleet {
  const names = fleets.map(({ name }) => name)
  const found =
    named === undefined ? (fleets.length === 1 ? fleets[0] : undefined) : fleets.find(({ name }) => name === named)
  if (found !== undefined) return found
  if (fleets.length === 0) {
    throw new MetastoreError({
      code: 'fleet_unknown',
      message: 'The project has no fleet.',
      where: file ?? undefined,
      remedy:
        'Declare one in metastore.toml: [fleet.tenants] with names, a query or a pattern; metastore docs guides/fleet says how.',
    })
  }
  const meant = named === undefined ? undefined : nearest(named, names)
  throw new MetastoreError({
    code: 'fleet_unknown',
    message: named === undefined ? `The project has ${names.length} fleets.` : `There is no fleet ${shownName(named)}.`,
    where: file ?? undefined,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}Name one with --fleet: ${names.join(', ')}.`,
  })
}

/** The database whose migrations the members of a fleet share. Throws `usage`, `database_unknown`. */
export async function baseOf({ database, name, where }: Fleet, context: Context): Promise<DatabaseEntry> {
  const project = await context.project()
  const entries = await context.databases()
  if (database === null) {
    const [only, another] = entries
    if (only !== undefined && another === undefined) return only
    throw new MetastoreError({
      code: 'usage',
      message: `The fleet ${name} does not say whose migrations its members have, and there are several databases.`,
      where,
      remedy: `Write database = "NAME" below [fleet.${name}].`,
    })
  }
  const settings = findDatabase(project, database)
  const entry = entries.find((each) => each.settings === settings)
  if (entry !== undefined) return entry
  throw new MetastoreError({
    code: 'usage',
    message: `The fleet ${name} has the migrations of the database ${database}, and --database names another.`,
    where,
    remedy: `Leave --database out, or write --database ${database}.`,
  })
}

/** The names of a fleet's members, in its order. Throws `fleet_invalid`, DatabaseError. */
export async function namesOf({ members, each, name, where }: Fleet, base: DatabaseEntry): Promise<readonly string[]> {
  if (members.from === 'names') return members.names
  await using engine = await base.engine({ command: 'fleet', reads: true })
  if (members.from === 'pattern' && engine.database.dialect !== 'postgres') {
    throw new MetastoreError({
      code: 'fleet_invalid',
      message: `The fleet ${name} has a pattern, which only a PostgreSQL server can answer.`,
      where,
      remedy: 'Give names, or a query.',
    })
  }
  const names =
    members.from === 'query'
      ? await namesByQuery(engine.session, members.query)
      : await namesByPattern(engine.session, members.pattern, each, base.settings.stateSchema)
  // The database that the others are found by is none of them.
  return names
}

/** The settings of one member: those of the database, with a place of its own. Throws `fleet_invalid`, `variable_missing`. */
export function memberSettings(
  fleet: Fleet,
  base: DatabaseSettings,
  member: string,
  project: Project,
): DatabaseSettings {
  const own = { ...placeOf(fleet, base, member, project), member }
  const properties = Object.entries(own).map(([key, value]) => [key, { value, enumerable: true }] as const)
  // Inherited and not copied: a setting that has a problem throws when it is asked for.
  return Object.create(base, Object.fromEntries(properties)) as DatabaseSettings
}

function placeOf(fleet: Fleet, base: DatabaseSettings, member: string, project: Project): Partial<DatabaseSettings> {
  if (fleet.url !== null) {
    const resolved = resolveTemplate(fleet.url, project.variable)
    if ('missing' in resolved) throw variableMissing(fleet, resolved.missing.name)
    return { url: resolved.text.replaceAll('{name}', () => inUrl(fleet, member)) }
  }
  if (fleet.each === 'database') return { url: urlOfDatabase(base.url, member) }
  const stateSchema = `${base.stateSchema}_${member}`
  if (Buffer.byteLength(stateSchema) > longestIdentifier) throw nameTooLong(fleet, member, stateSchema)
  return { url: urlOfSchema(base.url, member), schema: member, stateSchema }
}

// What PostgreSQL keeps of a name.
const longestIdentifier = 63

// A name is a part of a path or of a URL, and must not lead out of its place.
function inUrl({ name, where }: Fleet, member: string): string {
  if (/^[\w.@+ -]+$/.test(member) && !/^\.+$/.test(member)) return encodeURIComponent(member).replaceAll('%40', '@')
  throw new MetastoreError({
    code: 'fleet_invalid',
    message: `The member ${shownName(member)} of the fleet ${name} cannot be a part of a URL.`,
    where,
    remedy: 'Use names of letters, digits and _ . - only, where the fleet has a url.',
  })
}

function nameTooLong({ name, where }: Fleet, member: string, stateSchema: string): MetastoreError {
  return new MetastoreError({
    code: 'fleet_invalid',
    message: `The member ${shownName(member)} of the fleet ${name} needs a schema ${stateSchema} for its bookkeeping, and a name has at most ${longestIdentifier} bytes.`,
    where,
    remedy: 'Give it a shorter name, or the database a shorter state_schema.',
  })
}

function variableMissing({ name, where }: Fleet, variable: string): MetastoreError {
  return new MetastoreError({
    code: 'variable_missing',
    message: `The environment variable ${variable} is not set, but the url of fleet ${name} refers to it.`,
    where,
    remedy: `Set ${variable} in the environment or in .env, or give it a default in the file: \${${variable}:-…}.`,
  })
}

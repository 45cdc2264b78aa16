import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { assertUnmanaged, type Engine, type MigrationFile } from '../migrations/migrations.ts'
import type { AdoptionSource, RecordedHistory } from './history.ts'
import { matchFiles, matchingOf, type Agreements } from './match.ts'
import { recordAdoption, standingOf, type Standing } from './record.ts'
import { sources } from './sources.ts'

export type { Assessment } from './by-objects.ts'
export type { MigrationEvidence } from './evidence.ts'

/** The tools that a database can be adopted from. */
export const adoptionSources: readonly string[] = Object.keys(sources)

/** How a database is adopted; everything has a default. */
export interface AdoptOptions extends Agreements {
  /** The schema that holds the real tables. Default `public`. */
  readonly base?: string
  /** Whether views and functions of the base schema are carried into a version's. Default true. */
  readonly exposeViews?: boolean
  /** Find out and change nothing. */
  readonly dryRun?: boolean
}

/** What adopting came to. */
export interface AdoptResult extends Standing {
  /** The migrations that were taken over, in order; none when that was done before. */
  readonly adopted: readonly string[]
  /** Those of them whose text could not be compared with what was applied. */
  readonly notCompared: readonly string[]
  /** What the tool has recorded, has no file, and was left out. */
  readonly leftOut: readonly string[]
}

/** A tool that has been at work in a database. */
export interface DetectedTool {
  readonly tool: string
  /** As people call it. */
  readonly title: string
  /** Its table, as people say it. */
  readonly table: string
}

/** The tools whose tables a database has. */
export async function detectTools({ session, database }: Engine, base = 'public'): Promise<readonly DetectedTool[]> {
  if (database.dialect !== 'postgres') return []
  const found: DetectedTool[] = []
  for (const [tool, load] of Object.entries(sources)) {
    const source = await load()
    const table = await source.table(session, base)
    if (table !== undefined) found.push({ tool, title: source.title, table: `${table.schema}.${table.name}` })
  }
  return found
}

/**
 * Takes a database over from another tool: copies its history, with the times, and makes its version the current one. Nothing
 * of the database itself is changed, and the other tool's own tables stay. Doing it again changes nothing. Throws
 * `adoption_source_missing`, `adoption_not_idle`, `adoption_mismatch`, `already_managed`, `usage`.
 */
export async function adopt(
  engine: Engine,
  files: readonly MigrationFile[],
  from: string,
  options: AdoptOptions = {},
): Promise<AdoptResult> {
  const { base = 'public', exposeViews = true, dryRun = false } = options
  const source = await findSource(from)
  const look = () => readRecorded(engine, source, base, files)
  const before = await look()
  const position = await engine.look()
  if (position.applied.length > 0 && (await isAdopted(position.applied, before, files, source, options))) {
    return { adopted: [], notCompared: [], leftOut: [], ...(await standingOf(engine, files)) }
  }
  // Everything is looked at before the bookkeeping is made: a database that cannot be adopted stays as it was.
  assertUnmanaged(engine, position)
  const { matches, leftOut } = await matchFiles(before, files, source, options)
  const outcome = {
    adopted: matches.map(({ file }) => file.name),
    notCompared: matches.filter(({ compared }) => !compared).map(({ file }) => file.name),
    leftOut,
  }
  if (dryRun) {
    const pending = files.map(({ name }) => name).filter((name) => !outcome.adopted.includes(name))
    return { ...outcome, pending, current: outcome.adopted.at(-1) ?? null, schema: null }
  }
  const choose = async () => (await matchFiles(await look(), files, source, options)).matches
  const version = before.versions ? matches.at(-1)?.file.name : undefined
  await recordAdoption(engine, files, choose, { base, exposeViews, version })
  return { ...outcome, ...(await standingOf(engine, files)) }
}

async function findSource(from: string): Promise<AdoptionSource> {
  const load = Object.hasOwn(sources, from) ? sources[from] : undefined
  if (load !== undefined) return load()
  const close = nearest(from, adoptionSources)
  throw new MetastoreError({
    code: 'usage',
    message: `There is no tool ${JSON.stringify(from)} that a database can be adopted from.`,
    where: '--from',
    remedy: `${close === undefined ? '' : `Did you mean ${close}? `}Known are: ${adoptionSources.join(', ')}.`,
  })
}

async function readRecorded(
  { session, database }: Engine,
  source: AdoptionSource,
  base: string,
  files: readonly MigrationFile[],
): Promise<RecordedHistory> {
  const table = database.dialect === 'postgres' ? await source.table(session, base) : undefined
  if (table === undefined) throw sourceMissing(database.address, source)
  const history = await source.read(session, table, files)
  if (history.busy !== null) throw notIdle(database.address, source, history)
  return history
}

async function isAdopted(
  applied: readonly { readonly name: string }[],
  history: RecordedHistory,
  files: readonly MigrationFile[],
  source: AdoptionSource,
  options: AdoptOptions,
): Promise<boolean> {
  const names = new Set(applied.map(({ name }) => name))
  const { matches } = await matchingOf(history, files, source, options)
  const recorded = source.filesOf === undefined ? history.migrations.map(({ name }) => name) : []
  const taken = [...matches.map(({ file }) => file.name), ...recorded]
  return taken.length > 0 && taken.every((name) => names.has(name))
}

function sourceMissing(address: string, { title }: AdoptionSource): MetastoreError {
  return new MetastoreError({
    code: 'adoption_source_missing',
    message: `${title} has never been at work in ${address}: its tables are not there. Nothing was changed.`,
    where: address,
    remedy:
      'Look whether this is the right database. One that has tables and no history becomes managed with metastore adopt, by what is there, or with metastore baseline.',
  })
}

function notIdle(address: string, { title }: AdoptionSource, { busy, busyRemedy }: RecordedHistory): MetastoreError {
  return new MetastoreError({
    code: 'adoption_not_idle',
    message: `${title} is in the middle of a migration of ${address}: its state is ${busy}. Nothing was changed.`,
    where: address,
    remedy: busyRemedy ?? `Complete or abort it with ${title} first.`,
  })
}

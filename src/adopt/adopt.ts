import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import {
  assertUnmanaged,
  makeVersionSchema,
  parseMigration,
  recordAsApplied,
  versionSchemaName,
  type Engine,
  type MigrationFile,
} from '../migrations/migrations.ts'
import type { AdoptionSource, RecordedHistory, RecordedMigration } from './history.ts'
import { recordedFile, saysTheSame } from './same-actions.ts'
import { sources } from './sources.ts'

/** The tools that a database can be adopted from. */
export const adoptionSources: readonly string[] = Object.keys(sources)

/** How a database is adopted; everything has a default. */
export interface AdoptOptions {
  /** The schema that holds the real tables. Default `public`. */
  readonly base?: string
  /** Migrations whose files differ from what was recorded, and whose files count. */
  readonly changed?: readonly string[]
  /** Migrations whose files are gone. */
  readonly missing?: readonly string[]
}

/** What adopting came to. */
export interface AdoptResult {
  /** The migrations that were taken over, in order; none when that was done before. */
  readonly adopted: readonly string[]
  readonly pending: readonly string[]
  readonly current: string | null
  /** The version schema that applications use; null where there is none. */
  readonly schema: string | null
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
  const source = await findSource(from)
  const { applied } = await engine.look()
  const before = await readRecorded(engine, source)
  if (isAdopted(applied, before)) return summary(engine, files, [])
  // Everything is looked at before the bookkeeping is made: a database that cannot be adopted stays as it was.
  assertUnmanaged(engine, await engine.look())
  await matchFiles(before, files, source, options)
  await engine.locked(async (run, position) => {
    assertUnmanaged(engine, position)
    const history = await readRecorded(engine, source)
    const matched = await matchFiles(history, files, source, options)
    const migrations = await Promise.all(
      matched.map(async ({ file, recorded }) => ({ migration: await parseMigration(file, 'postgres'), recorded })),
    )
    const newest = history.versions ? history.migrations.at(-1)?.name : undefined
    await run.session.transaction(
      async (tx) => {
        for (const { migration, recorded } of migrations) {
          await recordAsApplied(run, tx, migration, recorded.appliedAt)
        }
        if (newest !== undefined) {
          await makeVersionSchema(run, tx, newest, options.base ?? 'public', { mayExist: true })
        }
      },
      { resetSession: true },
    )
  })
  return summary(
    engine,
    files,
    before.migrations.map(({ name }) => name),
  )
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

async function readRecorded({ session, database }: Engine, source: AdoptionSource): Promise<RecordedHistory> {
  const history = database.dialect === 'postgres' ? await source.read(session) : undefined
  if (history === undefined) throw sourceMissing(database.address, source)
  if (history.busy !== null) throw notIdle(database.address, source, history.busy)
  return history
}

function isAdopted(applied: readonly { readonly name: string }[], { migrations }: RecordedHistory): boolean {
  const names = new Set(applied.map(({ name }) => name))
  return applied.length > 0 && migrations.every(({ name }) => names.has(name))
}

interface Match {
  readonly file: MigrationFile
  readonly recorded: RecordedMigration
}

/** The file of each recorded migration. Throws `adoption_mismatch` naming all that do not fit. */
async function matchFiles(
  { migrations }: RecordedHistory,
  files: readonly MigrationFile[],
  source: AdoptionSource,
  { changed = [], missing = [] }: AdoptOptions,
): Promise<Match[]> {
  const matches: Match[] = []
  const problems: string[] = []
  for (const [index, recorded] of migrations.entries()) {
    const place = files.findIndex(({ name }) => name === recorded.name)
    const file = files[place]
    if (file === undefined) {
      if (!missing.includes(recorded.name)) problems.push(`${recorded.name} is applied and has no file.`)
      matches.push({ file: recordedFile(recorded), recorded })
      continue
    }
    const late = files.slice(0, place).find(({ name }) => !migrations.slice(0, index).some((one) => one.name === name))
    if (late !== undefined) problems.push(`${late.path} sorts before ${recorded.name}, which is applied, and is not.`)
    if (!changed.includes(recorded.name) && !(await saysTheSame(file, recorded))) {
      problems.push(`${file.path} does not say what was applied as ${recorded.name}.`)
    }
    matches.push({ file, recorded })
  }
  if (problems.length > 0) throw mismatch(problems, source)
  return matches
}

async function summary(
  engine: Engine,
  files: readonly MigrationFile[],
  adopted: readonly string[],
): Promise<AdoptResult> {
  const { applied, state } = await engine.look()
  const names = new Set(applied.map(({ name }) => name))
  return {
    adopted,
    pending: files.map(({ name }) => name).filter((name) => !names.has(name)),
    current: applied.at(-1)?.name ?? null,
    schema: state.version === null ? null : versionSchemaName(state.version),
  }
}

function sourceMissing(address: string, { title }: AdoptionSource): MetastoreError {
  return new MetastoreError({
    code: 'adoption_source_missing',
    message: `${title} has never been at work in ${address}: its tables are not there. Nothing was changed.`,
    where: address,
    remedy:
      'Look whether this is the right database. One that has tables and no history becomes managed with metastore baseline.',
  })
}

function notIdle(address: string, { title }: AdoptionSource, state: string): MetastoreError {
  return new MetastoreError({
    code: 'adoption_not_idle',
    message: `${title} is in the middle of a migration of ${address}: its state is ${state}. Nothing was changed.`,
    where: address,
    remedy: `Complete or abort it with ${title} first.`,
  })
}

function mismatch(problems: readonly string[], { title }: AdoptionSource): MetastoreError {
  const [first = '', ...others] = problems
  return new MetastoreError({
    code: 'adoption_mismatch',
    message: `The history of ${title} and the files do not agree: ${first} Nothing was changed.`,
    remedy:
      'Restore the files as they were applied, or accept them as they are: --allow-changed NAME, --allow-missing NAME.',
    details: others.map((problem) => `Also: ${problem}`),
  })
}

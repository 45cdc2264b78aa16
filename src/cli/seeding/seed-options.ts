import { existsSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import path from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { loadDefaultExport, splitScript, type Engine } from '../../migrations/migrations.ts'
import { nearest } from '../../nearest.ts'
import type { SeedFile, SeedOptions } from '../../seeds/seeds.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { keySourceOf, openKeyring } from '../keyring.ts'

/** Which seeds are meant. */
export interface SeedSelection {
  readonly set: string
  readonly files: readonly SeedFile[]
}

/** The name of the set that the setting `seeds` makes. */
const defaultSet = 'seeds'

/** The files that a command line selects: a set's, or one of them. Throws `seed_unknown`, `file_unreadable`. */
export async function seedSelection(
  { settings }: DatabaseEntry,
  { workingDirectory, project }: Context,
  asked: { readonly set?: string | undefined; readonly file?: string | undefined },
): Promise<SeedSelection> {
  const { readSeedFile, readSeedFiles } = await import('../../seeds/seeds.ts')
  const set = asked.set ?? defaultSet
  const optional = settings.origins.seeds.from === 'default'
  // Of several databases nobody said whose the directory is, and the rows of one are not those of another.
  const shared = optional && (await project()).databases.length > 1
  const own = shared ? [] : settings.seeds.map((directory) => ({ ...directory, optional }))
  const directories = set === defaultSet ? own : settings.seedSets[set]
  if (directories === undefined) throw unknownSet(set, Object.keys(settings.seedSets))
  if (asked.file === undefined) return { set, files: readSeedFiles(directories) }
  const absolute = path.resolve(workingDirectory, asked.file)
  const known = directories.some((directory) => path.dirname(absolute) === directory.absolute)
    ? readSeedFiles(directories)
    : []
  // By the name that the set knows it by, so that the set has it as applied too.
  const listed = known.find(({ absolutePath }) => absolutePath === absolute)
  if (listed === undefined && !existsSync(absolute)) {
    throw missingFile(
      asked.file,
      readSeedFiles(directories).map((file) => file.path),
    )
  }
  return { set, files: [listed ?? readSeedFile(absolute, asked.file)] }
}

/** Looks, before anything is opened, whether the seeds have the variables and the keys that they ask for. Throws `seed_invalid`. */
export async function assertSeedInputs(
  entry: DatabaseEntry,
  context: Context,
  asked: { readonly set: string | undefined; readonly environment: string | undefined },
): Promise<void> {
  const { assertInputs } = await import('../../seeds/seeds.ts')
  const { files } = await seedSelection(entry, context, asked)
  const project = await context.project()
  await assertInputs(files, {
    dialect: entry.dialect(),
    environment: asked.environment ?? entry.settings.environment,
    readers: { splitSql: splitScript, loadScript: loadDefaultExport },
    variable: (name) => project.variable(name),
    hasKeys: keySourceOf(entry.settings, project) !== undefined,
  })
}

/** What seeding needs to know, from the settings of a database and the world around the command. */
export async function seedOptions(
  engine: Engine,
  entry: DatabaseEntry,
  context: Context,
  asked: SeedSelection & { readonly environment: string | null; readonly force: boolean },
): Promise<SeedOptions> {
  const { settings } = entry
  const project = await context.project()
  const hasKeys = keySourceOf(settings, project) !== undefined
  return {
    ...asked,
    database: engine.database,
    session: engine.session,
    baseSchema: settings.schema,
    stateSchema: settings.stateSchema,
    variable(name) {
      const value = project.variable(name)
      // What a seed takes from the environment may be a secret; a short word is none, and would be missed in every sentence.
      if (value !== undefined && value.length >= leastSecret) context.secrets.add(value)
      return value
    },
    secrets: hasKeys ? await openKeyring(entry, context) : null,
    readers: { splitSql: splitScript, loadScript: loadDefaultExport },
    position: (await engine.look()).applied.at(-1)?.name ?? null,
    actor: actor(),
    progress: context.output.progress,
    telemetry: context.telemetry,
    signal: context.signal,
  }
}

const leastSecret = 8

// userInfo throws for a user id without an entry, which is usual in containers.
function actor(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    return `uid${process.getuid?.() ?? ''}@${hostname()}`
  }
}

function missingFile(file: string, known: readonly string[]): MetastoreError {
  const close = known.find((one) => path.basename(one) === path.basename(file)) ?? nearest(file, known)
  return new MetastoreError({
    code: 'file_unreadable',
    message: `There is no seed file ${file}.`,
    where: file,
    remedy: close === undefined ? 'Correct the path, which begins at the working directory.' : `Did you mean ${close}?`,
  })
}

function unknownSet(set: string, sets: readonly string[]): MetastoreError {
  const close = nearest(set, [...sets, defaultSet])
  const known = sets.length === 0 ? 'No set is declared' : `The sets are ${sets.join(', ')}`
  return new MetastoreError({
    code: 'seed_unknown',
    message: `There is no seed set ${JSON.stringify(set)}.`,
    remedy: `${close === undefined ? '' : `Did you mean ${close}? `}${known}; sets are declared in metastore.toml: seed_sets = { demo = ["seeds/demo"] }.`,
  })
}

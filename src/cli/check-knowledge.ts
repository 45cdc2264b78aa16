import path from 'node:path'
import type { Catalog } from '../catalog/catalog.ts'
import { MetastoreError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import {
  loadStatistics,
  readStatistics,
  saveStatistics,
  type AppliedMigration,
  type MigrationFile,
  type TableStatistics,
} from '../migrations/migrations.ts'
import { prove, replay, replayFindings, type Proof } from '../shadow/shadow.ts'
import type { Context, DatabaseEntry } from './context.ts'
import { text, type Input } from './input.ts'
import { shadowDirectory } from './shadow-directory.ts'

/** What a live database says. */
export interface Live {
  /** What it has applied; undefined where it was not asked. */
  readonly applied: readonly AppliedMigration[] | undefined
  /** How large its tables are, by which hazards are graded; undefined on SQLite. */
  readonly statistics: TableStatistics | undefined
}

/** Asks the database only where its URL was given on the command line; its statistics may be in a file instead. Throws `statistics_invalid`. */
export async function readLive(
  entry: DatabaseEntry,
  input: Input,
  workingDirectory: string,
): Promise<Live | undefined> {
  const [kept, save] = [text(input, 'statistics'), text(input, 'saveStatistics')]
  const statistics = kept === undefined ? undefined : await loadStatistics(path.resolve(workingDirectory, kept), kept)
  if (entry.settings.origins.url.from !== 'flag') {
    if (save !== undefined) throw saveNeedsUrl()
    return statistics && { applied: undefined, statistics }
  }
  await using engine = await entry.engine({ command: 'check', reads: true })
  const { applied } = await engine.look()
  const live = engine.database.dialect === 'postgres' ? await readStatistics(engine.session) : undefined
  if (save !== undefined && live === undefined) throw saveNeedsPostgres(entry.address())
  if (save !== undefined && live !== undefined) await saveStatistics(path.resolve(workingDirectory, save), live)
  return { applied, statistics: statistics ?? live }
}

/** What running the files has shown. */
export interface Replayed {
  readonly findings: readonly Finding[]
  readonly catalogBefore: (migration: string) => Catalog | undefined
}

/** Whether the files are run on a throw-away database, and where that is. */
export interface ReplayChoice {
  readonly replay: boolean
  readonly shadow: string | undefined
}

/** Runs the files: what cannot be run is told, with the order that works. */
export async function replayed(
  files: readonly MigrationFile[],
  { settings }: DatabaseEntry,
  context: Context,
  applied: readonly AppliedMigration[] | undefined,
  { shadow }: ReplayChoice,
): Promise<Replayed> {
  const { directory } = await context.project()
  const outcome = await replay(files, {
    directory: shadowDirectory(directory, settings.name),
    server: shadow,
    stateSchema: settings.stateSchema,
    signal: context.signal,
    progress: context.output.progress,
  })
  const done = new Set(applied?.map(({ name }) => name))
  const pending = files.map(({ name }) => name).filter((name) => !done.has(name))
  const before = new Map((await outcome.steps()).map((step) => [step.name, step.before]))
  return {
    findings: replayFindings(outcome.files, new Set(pending)),
    catalogBefore: (migration) => before.get(migration),
  }
}

/** What statements are run of. */
interface ProofChoice {
  readonly live: Live | undefined
  /** The names of the migrations that are asked about; all unless said. */
  readonly selected: ReadonlySet<string> | undefined
  readonly shadow: string | undefined
}

/** Runs each statement of what is pending, or of every file where no database was asked. Throws `not_supported` on SQLite. */
export async function proved(
  files: readonly MigrationFile[],
  entry: DatabaseEntry,
  context: Context,
  { live, selected: asked, shadow }: ProofChoice,
): Promise<Proof> {
  const { settings } = entry
  if (entry.dialect() !== 'postgres') {
    throw new MetastoreError({
      code: 'not_supported',
      message: 'Only statements for PostgreSQL can be proved: SQLite locks the whole file, whatever it does.',
      where: '--prove',
      remedy: 'Leave --prove out.',
    })
  }
  const { directory } = await context.project()
  const done = new Set(live?.applied?.map(({ name }) => name))
  const names = files.map(({ name }) => name).filter((name) => !done.has(name))
  const selected = new Set(asked === undefined ? names : names.filter((name) => asked.has(name)))
  return prove(files, selected, {
    directory: shadowDirectory(directory, settings.name),
    server: shadow,
    stateSchema: settings.stateSchema,
    schema: settings.schema,
    signal: context.signal,
    progress: context.output.progress,
  })
}

function saveNeedsUrl(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: '--save-statistics needs a database to read them from.',
    where: '--save-statistics',
    remedy: 'Give its URL on the command line, with --url.',
  })
}

function saveNeedsPostgres(address: string): MetastoreError {
  return new MetastoreError({
    code: 'not_supported',
    message: 'Only a PostgreSQL database has statistics to save.',
    where: address,
    remedy: 'Leave --save-statistics out.',
  })
}

import { type Catalog, emptyCatalog } from '../catalog/catalog.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { silent, type Progress } from '../progress.ts'
import { applyPatch } from './catalog-patch.ts'
import { type Checkpoint, keptForm, keysOf, openCache, type KeptCourse, type ReplayCache } from './cache.ts'
import type { Application } from './application.ts'
import { provenanceOf, type ObjectProvenance } from './provenance.ts'
import type { ReplayedFile } from './replayed-file.ts'
import { runReplay, type Course } from './run-replay.ts'
import { copyEmbedded, openEmbedded, openOnServer, removeEmbedded } from './shadow-database.ts'

/** Where and how migrations are replayed. */
export interface ReplayOptions {
  /** A directory of the project for what need not be done twice. */
  readonly directory: string
  /** A real server to replay on, for extensions and versions that the embedded one lacks. */
  readonly server?: string | undefined
  /** The schema of the bookkeeping. Default `metastore`. */
  readonly stateSchema?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: Progress | undefined
}

/** What the migrations of a project make of an empty database. */
export interface Shadow {
  /** The database that it was found out on, as people say it. */
  readonly server: string
  readonly files: readonly ReplayedFile[]
  /** What an empty database has. */
  readonly start: Catalog
  /** What there is after all files. What belongs to the migrating role has no owner. */
  readonly catalog: Catalog
  /** Where every object comes from that there is or was, by its key. */
  readonly provenance: ReadonlyMap<string, ObjectProvenance>
  /** How many files had to be run; the others were known. */
  readonly replayed: number
  /** The catalogs before and after each file that was applied, in that order. */
  steps(): Promise<readonly ShadowStep[]>
}

/** A file that was applied, between two catalogs. */
export interface ShadowStep {
  readonly name: string
  readonly before: Catalog
  readonly after: Catalog
}

/**
 * Replays migrations on a throw-away PostgreSQL, one after another, and looks at the catalog in between. A file that fails
 * is told and left out, and tried again when another one may have made what it lacks. What is known from an earlier replay
 * of the same files is not run again. Throws only what has nothing to do with a file.
 */
export async function replay(files: readonly MigrationFile[], options: ReplayOptions): Promise<Shadow> {
  const stateSchema = options.stateSchema ?? 'metastore'
  const cache = openCache(options.directory, options.server === undefined ? 'embedded' : 'server')
  const keys = keysOf(files, [stateSchema, options.server === undefined ? '' : serverKey(options.server)])
  const kept = await cache.outcome()
  if (kept !== undefined && kept.keys.length === keys.length && kept.keys.at(-1) === keys.at(-1)) {
    const { server, start, catalog, provenance } = kept
    return {
      server,
      files: kept.files,
      start,
      catalog,
      provenance: new Map(provenance.map((each) => [each.key, each])),
      replayed: 0,
      steps: async () => stepsOf(start, (await cache.course())?.applications ?? []),
    }
  }
  const begun = await beginFrom(cache, keys, options)
  const { course, checkpoints, server } = await runOn(cache, files, stateSchema, begun, options)
  const steps = stepsOf(course.start, course.applications)
  const catalog = steps.at(-1)?.after ?? course.start
  const provenance = provenanceOf(
    steps.map(({ name, after }) => ({ name, catalog: after })),
    course.start,
  )
  await cache.keep(
    {
      form: keptForm,
      keys,
      server,
      start: course.start,
      catalog,
      files: course.files,
      provenance: [...provenance.values()],
    },
    { form: keptForm, keys, applications: course.applications, checkpoints },
  )
  return {
    server,
    files: course.files,
    start: course.start,
    catalog,
    provenance,
    replayed: files.length - begun.position,
    steps: () => Promise.resolve(steps),
  }
}

// Of a server only what says which one it is: no password may be told apart from another one in a file.
function serverKey(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

function stepsOf(start: Catalog, applications: readonly Application[]): readonly ShadowStep[] {
  let before = start
  return applications.map(({ name, patch }) => {
    const after = applyPatch(before, patch)
    const step = { name, before, after }
    before = after
    return step
  })
}

/** What a replay goes on from. */
interface Beginning {
  readonly position: number
  readonly course: Course
  readonly checkpoint: Checkpoint | undefined
}

async function beginFrom(cache: ReplayCache, keys: readonly string[], options: ReplayOptions): Promise<Beginning> {
  const nothing: Course = { start: emptyCatalog('postgres'), applications: [], files: [] }
  if (options.server !== undefined) return { position: 0, course: nothing, checkpoint: undefined }
  const [outcome, course] = [await cache.outcome(), await cache.course()]
  if (outcome === undefined || course === undefined || !sameKeys(outcome.keys, course.keys)) {
    return { position: 0, course: nothing, checkpoint: undefined }
  }
  const same = keys.findIndex((key, index) => key !== course.keys[index])
  const unchanged = same === -1 ? Math.min(keys.length, course.keys.length) : same
  const checkpoint = course.checkpoints
    .filter(({ position }) => position <= unchanged)
    .toSorted((left, right) => right.position - left.position)[0]
  if (checkpoint === undefined) return { position: 0, course: nothing, checkpoint: undefined }
  return {
    position: checkpoint.position,
    course: upTo(checkpoint.position, outcome.start, outcome.files, course),
    checkpoint,
  }
}

function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.at(-1) === right.at(-1)
}

// What was tried again only later has failed so far.
function upTo(position: number, start: Catalog, files: readonly ReplayedFile[], course: KeptCourse): Course {
  const applications = course.applications.filter((application) => application.position <= position)
  const applied = new Set(applications.map(({ name }) => name))
  return {
    start,
    applications,
    files: files
      .slice(0, position)
      .map((file) =>
        file.outcome === 'late' && !applied.has(file.name) ? { ...file, outcome: 'failed', after: null } : file,
      ),
  }
}

async function runOn(
  cache: ReplayCache,
  files: readonly MigrationFile[],
  stateSchema: string,
  { course, checkpoint, position }: Beginning,
  options: ReplayOptions,
): Promise<{ course: Course; checkpoints: readonly Checkpoint[]; server: string }> {
  const { signal, progress = silent } = options
  const shadowOptions = { stateSchema, signal }
  const directory = await cache.work()
  const embedded = options.server === undefined
  const from = checkpoint === undefined ? undefined : `${cache.directory}/${checkpoint.directory}`
  const open = async () => {
    if (options.server !== undefined) return openOnServer(options.server, shadowOptions)
    await removeEmbedded(directory)
    if (from !== undefined) await copyEmbedded(from, directory)
    return openEmbedded(directory, shadowOptions)
  }
  try {
    const end = await runReplay(open, files, { begun: { course, position }, stateSchema, progress })
    const last: Checkpoint = { position: files.length, directory: directory.slice(cache.directory.length + 1) }
    return {
      course: end.course,
      server: end.server,
      // The one that this replay began with: whoever edits a file edits it again.
      checkpoints: embedded ? [...(checkpoint === undefined ? [] : [checkpoint]), last] : [],
    }
  } catch (error) {
    await removeEmbedded(directory)
    throw error
  }
}

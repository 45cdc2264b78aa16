import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Catalog } from '../catalog/catalog.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { toolVersion } from '../version.ts'
import type { Application } from './application.ts'
import type { ObjectProvenance } from './provenance.ts'
import type { ReplayedFile } from './replayed-file.ts'

// Raised when what is written below changes its form.
const form = 3

/** The outcome of a replay, as it is kept. */
export interface KeptOutcome {
  readonly form: typeof form
  /** One for each file, which depends on all files before it as well. */
  readonly keys: readonly string[]
  readonly server: string
  readonly start: Catalog
  readonly catalog: Catalog
  readonly files: readonly ReplayedFile[]
  readonly provenance: readonly ObjectProvenance[]
}

/** How the outcome came about, as far as a later replay can go on from it. */
export interface KeptCourse {
  readonly form: typeof form
  readonly keys: readonly string[]
  /** In the order in which files were applied. */
  readonly applications: readonly Application[]
  /** Copies of the database: how many of the files had been dealt with, and the directory. */
  readonly checkpoints: readonly Checkpoint[]
}

/** A copy of the database as it was between two files. */
export interface Checkpoint {
  readonly position: number
  readonly directory: string
}

/** A key for each file: of its content, of all files before it, and of everything that the replay depends on besides. */
export function keysOf(files: readonly MigrationFile[], surroundings: readonly string[]): readonly string[] {
  let key = digest([toolVersion, String(form), ...surroundings])
  return files.map(({ name, checksum }) => (key = digest([key, name, checksum])))
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

/** What is kept of replays in a directory of the project; anything unreadable counts as not there. */
export interface ReplayCache {
  readonly directory: string
  outcome(): Promise<KeptOutcome | undefined>
  course(): Promise<KeptCourse | undefined>
  keep(outcome: KeptOutcome, course: KeptCourse): Promise<void>
  /** A directory for a database that nobody else uses. */
  work(): Promise<string>
}

/** The cache in a directory, which is made when something is kept. Another kind of shadow has another `variant`. */
export function openCache(directory: string, variant: string): ReplayCache {
  const place = (name: string) => path.join(directory, `${variant}-${name}.json.gz`)
  return {
    directory,
    outcome: () => readKept<KeptOutcome>(place('outcome')),
    course: () => readKept<KeptCourse>(place('course')),
    async keep(outcome, course) {
      await mkdir(directory, { recursive: true })
      // The course first: an outcome without its course could not be gone on from.
      await writeKept(place('course'), course)
      await writeKept(place('outcome'), outcome)
      await removeUnused(directory, new Set(course.checkpoints.map((one) => one.directory)))
    },
    async work() {
      await mkdir(directory, { recursive: true })
      return path.join(directory, `data-${process.pid}-${randomUUID().slice(0, 8)}`)
    },
  }
}

async function readKept<Kept extends { readonly form: number }>(file: string): Promise<Kept | undefined> {
  try {
    const kept = JSON.parse(gunzipSync(await readFile(file)).toString()) as Kept
    return kept.form === form ? kept : undefined
  } catch {
    // Not there, cut off, or of another version: the replay is done again.
    return undefined
  }
}

async function writeKept(file: string, kept: KeptOutcome | KeptCourse): Promise<void> {
  const beside = `${file}.${randomUUID().slice(0, 8)}`
  await writeFile(beside, gzipSync(JSON.stringify(kept), { level: 1 }))
  await rename(beside, file)
}

// Another process may be at work in a directory of its own; after an hour it is nobody's.
async function removeUnused(directory: string, used: ReadonlySet<string>): Promise<void> {
  const hour = 3_600_000
  for (const name of await readdir(directory)) {
    const full = path.join(directory, name)
    if (!/^data-|\.json\.gz\./.test(name) || used.has(name)) continue
    const { mtimeMs } = await stat(full).catch(() => ({ mtimeMs: Date.now() }))
    const ours = name.startsWith(`data-${process.pid}-`)
    if (ours || Date.now() - mtimeMs > hour) await rm(full, { recursive: true, force: true })
  }
}

/** The present form of what is kept. */
export const keptForm = form

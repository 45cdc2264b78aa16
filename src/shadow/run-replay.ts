import { objects, type Catalog } from '../catalog/catalog.ts'
import { DatabaseError } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import {
  findingOf,
  parseMigration,
  versionSchemaName,
  type MigrationFile,
  type Priority,
} from '../migrations/migrations.ts'
import type { Progress } from '../progress.ts'
import type { Application } from './application.ts'
import { applyWithStubs } from './apply-with-stubs.ts'
import { applyPatch, isEmptyPatch, patchOf, type CatalogPatch } from './catalog-patch.ts'
import { missingFrom, seemsToMake, unavailable, type Missing } from './failure-causes.ts'
import { withoutOwner } from './owners.ts'
import type { ReplayedFile } from './replayed-file.ts'
import type { ShadowDatabase } from './shadow-database.ts'

/** How far a replay has come. */
export interface Course {
  readonly start: Catalog
  readonly applications: readonly Application[]
  readonly files: readonly ReplayedFile[]
}

interface Setting {
  /** What is known, and how many files have had their turn. */
  readonly begun: { readonly course: Course; readonly position: number }
  readonly stateSchema: string
  readonly progress: Progress
}

/** Runs the files that have not had their turn. `open` opens the database as it is at the beginning, each time it is called. */
export async function runReplay(
  open: () => Promise<ShadowDatabase>,
  files: readonly MigrationFile[],
  { begun, stateSchema, progress }: Setting,
): Promise<{ readonly course: Course; readonly server: string }> {
  const excluded = [stateSchema, `${stateSchema}_sync`, ...files.map(({ name }) => versionSchemaName(name))]
  let database = await open()
  const look = async () => withoutOwner(await database.catalog(excluded), database.role)
  const state = new State(files, begun.course)
  // A file, and then those that waited for what it makes.
  const takeTurn = async (on: ShadowDatabase, file: MigrationFile, position: number): Promise<ShadowDatabase> => {
    let current = on
    const candidates: { readonly next: MigrationFile; readonly after: string | null }[] = [{ next: file, after: null }]
    for (let one = candidates.shift(); one !== undefined; one = candidates.shift()) {
      const { next, after } = one
      const failure = await attempt(current, state, next)
      if (failure === undefined) {
        const catalog = withoutOwner(await current.catalog(excluded), current.role)
        const change = state.note(next, { after, position, catalog })
        const waiting = state.hopeful(next, change).filter((each) => !candidates.some((other) => other.next === each))
        candidates.push(...waiting.map((each) => ({ next: each, after: next.name })))
        continue
      }
      state.fail(next, failure)
      if (await current.isSound()) continue
      current = await reopened(current, open, state, begun.course)
      database = current
    }
    return current
  }
  try {
    const start = begun.position === 0 ? await look() : begun.course.start
    if (begun.position === 0) state.begin(start)
    const task = 'replay'
    progress({ kind: 'begin', task, total: files.length })
    for (const [index, file] of files.entries()) {
      if (index < begun.position) continue
      progress({ kind: 'advance', task, done: index, label: file.name })
      state.priorities.set(file.name, await priorityOf(file))
      database = await takeTurn(database, file, index + 1)
    }
    progress({ kind: 'end', task })
    return { course: state.course(), server: `${database.server.name} ${database.server.version}` }
  } finally {
    await database.close()
  }
}

async function priorityOf(file: MigrationFile): Promise<Priority> {
  try {
    return (await parseMigration(file, 'postgres')).priority
  } catch (error) {
    // What is wrong with the file is told when it is applied.
    if (error instanceof MetastoreError) return 'P1'
    throw error
  }
}

async function attempt(
  database: ShadowDatabase,
  state: State,
  file: MigrationFile,
): Promise<MetastoreError | undefined> {
  try {
    await applyWithStubs(database, state.inEffect(), file, (role) => state.makesRole(role))
    return undefined
  } catch (error) {
    if (!(error instanceof MetastoreError) || error.code === 'canceled') throw error
    return error
  }
}

// What a failure has left half done, or broken for good, goes with the database.
async function reopened(
  broken: ShadowDatabase,
  open: () => Promise<ShadowDatabase>,
  state: State,
  begun: Course,
): Promise<ShadowDatabase> {
  await broken.close()
  const database = await open()
  const done = new Set(begun.applications.map(({ name }) => name))
  const again = state.inEffectInOrder().filter(({ name }) => !done.has(name))
  const applied = state.inEffect().filter(({ name }) => done.has(name))
  for (const file of again) {
    await database.apply(applied, file)
    applied.push(file)
  }
  return database
}

class State {
  readonly priorities = new Map<string, Priority>()
  readonly #files: readonly MigrationFile[]
  #start: Catalog
  readonly #applications: Application[]
  readonly #outcomes: Map<string, ReplayedFile>
  readonly #failures = new Map<string, MetastoreError>()
  readonly #missingBy = new Map<string, Missing | undefined>()
  #catalog: Catalog
  #unavailable = false

  constructor(files: readonly MigrationFile[], course: Course) {
    this.#files = files
    this.#start = course.start
    this.#applications = [...course.applications]
    this.#outcomes = new Map(course.files.map((file) => [file.name, file]))
    for (const { name, priority } of course.files) this.priorities.set(name, priority)
    this.#catalog = course.applications.reduce((catalog, { patch }) => applyPatch(catalog, patch), course.start)
    for (const { name, outcome, problem } of course.files) {
      if (outcome === 'failed') this.#missingBy.set(name, missingFrom(problem?.message ?? ''))
      if (outcome === 'unverified') this.#unavailable = true
    }
  }

  /** Notes what an empty database has. */
  begin(start: Catalog): void {
    this.#start = start
    this.#catalog = start
  }

  /** Those in effect, in the order of the project. */
  inEffect(): MigrationFile[] {
    const applied = new Set(this.#applications.map(({ name }) => name))
    return this.#files.filter(({ name }) => applied.has(name))
  }

  /** Those in effect, in the order in which they were applied. */
  inEffectInOrder(): MigrationFile[] {
    const byName = new Map(this.#files.map((file) => [file.name, file]))
    return this.#applications.flatMap(({ name }) => byName.get(name) ?? [])
  }

  /** Whether a file makes a role, as far as its text says. */
  makesRole(name: string): boolean {
    return this.#files.some(({ source }) => seemsToMake(source, { kind: 'role', name }))
  }

  /** Notes that a file ran, in its turn or after the one that made what it lacked. Returns what it changed. */
  note(
    file: MigrationFile,
    {
      after,
      position,
      catalog,
    }: { readonly after: string | null; readonly position: number; readonly catalog: Catalog },
  ): CatalogPatch {
    const patch = patchOf(this.#catalog, catalog)
    this.#applications.push({ name: file.name, position, patch })
    const late = after !== null
    this.#outcomes.set(file.name, {
      name: file.name,
      path: file.path,
      priority: this.priorities.get(file.name) ?? 'P1',
      outcome: late ? 'late' : 'applied',
      problem: late ? (this.#outcomes.get(file.name)?.problem ?? null) : null,
      after,
      provider: null,
    })
    this.#missingBy.delete(file.name)
    if (!isEmptyPatch(patch)) this.#catalog = applyPatch(this.#catalog, patch)
    return patch
  }

  fail(file: MigrationFile, error: MetastoreError): void {
    const missing = missingFrom(error.message)
    // What an extension would have brought is missing as well.
    const lacks = unavailable(error) || (this.#unavailable && error instanceof DatabaseError && missing !== undefined)
    const before = this.#outcomes.get(file.name)
    if (unavailable(error)) this.#unavailable = true
    this.#outcomes.set(file.name, {
      name: file.name,
      path: file.path,
      priority: this.priorities.get(file.name) ?? 'P1',
      outcome: lacks ? 'unverified' : 'failed',
      // What it failed for in its place is what its author has to know.
      problem: before?.problem ?? findingOf(error),
      after: null,
      provider: null,
    })
    this.#failures.set(file.name, error)
    this.#missingBy.set(file.name, missing)
  }

  /** Files that failed for want of something that may be there now that one has run. */
  hopeful({ source }: MigrationFile, change: CatalogPatch): MigrationFile[] {
    const waiting = this.#files.filter(({ name }) => this.#missingBy.get(name) !== undefined)
    if (waiting.length === 0) return []
    const isChange = !isEmptyPatch(change)
    // An extension brings functions, types and operators that the catalog does not list one by one.
    const isExtension = change.set.extensions !== undefined
    const names = new Set(isChange ? [...objects(this.#catalog)].flatMap(({ path }) => path) : [])
    return waiting.filter((file) => {
      const missing = this.#missingBy.get(file.name)
      if (missing === undefined) return false
      // Such as a role or an operator class, which the catalog does not hold.
      if (seemsToMake(source, missing)) return true
      return isChange && missing.kind === 'object' && (isExtension || missing.name === null || names.has(missing.name))
    })
  }

  // The file that seems to make what one lacks, where that has not run itself.
  #providerFor(file: ReplayedFile): string | null {
    const missing = this.#missingBy.get(file.name)
    if (file.outcome !== 'failed' || missing === undefined) return null
    const applied = new Set(this.#applications.map(({ name }) => name))
    const provider = this.#files.find(
      ({ name, source }) => name !== file.name && !applied.has(name) && seemsToMake(source, missing),
    )
    return provider?.name ?? null
  }

  course(): Course {
    return {
      start: this.#start,
      applications: this.#applications,
      files: this.#files.flatMap(({ name }) => {
        const file = this.#outcomes.get(name)
        return file === undefined ? [] : { ...file, provider: this.#providerFor(file) }
      }),
    }
  }
}

import { existsSync } from 'node:fs'
import {
  id,
  openDatabase,
  parseDatabaseUrl,
  redactUrl,
  sql,
  type Database,
  type Dialect,
} from '../database/database.ts'
import {
  assertSchemaFirst,
  openEngine,
  migrationsHere,
  readMigrationFiles,
  type Engine,
  type Guard,
  type InterruptedPolicy,
  type MigrationDirectory,
  type MigrationFile,
  type MigrationsHere,
} from '../migrations/migrations.ts'
import { findProject } from '../project/find.ts'
import type { Flags } from '../project/flags.ts'
import { selectDatabases, type DatabaseSettings, type Project } from '../project/project.ts'
import { readProject } from '../project/read.ts'
import { MetastoreError } from '../errors.ts'
import type { Secrets } from '../secrets/redaction.ts'
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts'
import { guardOf } from './guard.ts'
import { list, text, type Input } from './input.ts'
import { addProject } from './known-secrets.ts'
import type { Output } from './output.ts'
import type { Scope } from './scope.ts'
import { serverFlags } from './server-connection.ts'

/** What a command is given of the world around it. */
export interface Surroundings {
  readonly workingDirectory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborts when the person interrupts. */
  readonly signal: AbortSignal
  /** Whether somebody sits at a terminal who can be asked, or can edit. */
  readonly interactive: boolean
  /** Puts a yes-or-no question to that somebody. */
  readonly ask: (question: string) => Promise<boolean>
  /** Asks that person for a line of text. */
  readonly askText: (question: string) => Promise<string>
}

/** The same, with the secrets that no output shows. */
export interface KnowingSurroundings extends Surroundings {
  /** Where spans and measurements go; nowhere unless said. */
  readonly telemetry?: Telemetry
  /** Whoever reads a secret adds it here, before anything can be said of it. */
  readonly secrets: Secrets
}

/** Everything that a command may touch. */
export interface Context extends KnowingSurroundings {
  readonly output: Output
  readonly telemetry: Telemetry
  /**
   * Asks a person; true with --yes. Without a terminal it is true as well, because whoever scripts has decided, except where
   * the question is `guarded`: then only --yes is a yes, and anything else throws `consent_needed`.
   */
  confirm(question: string, options?: { readonly guarded?: boolean }): Promise<boolean>
  /** The project, read once. */
  project(): Promise<Project>
  /** The databases that the command line selects, in order. */
  databases(): Promise<readonly DatabaseEntry[]>
  /** The only database that is selected. Throws `usage` when there are several. */
  oneDatabase(): Promise<DatabaseEntry>
}

/** One selected database: its settings, its files, and the way to it. */
export interface DatabaseEntry {
  readonly settings: DatabaseSettings
  /** Its URL without the password. */
  address(): string
  /** The directories of its migrations, at least one; one that nobody named may be missing. */
  directories(): readonly [MigrationDirectory, ...MigrationDirectory[]]
  /** Which SQL its files are in, by its URL; a URL that cannot be known yet is taken for one of PostgreSQL. */
  dialect(): Dialect
  /** Its migration files, in order, read once. */
  files(): Promise<readonly MigrationFile[]>
  /** The files without those that wait for an extension that the server does not have. */
  migrationsOn(engine: Engine): Promise<MigrationsHere>
  /** Opens it with an engine session; closing the engine closes both. */
  engine(options: EngineUse): Promise<Engine>
}

/** What an engine is opened for. */
export interface EngineUse {
  readonly command: string
  readonly interrupted?: InterruptedPolicy
  /** Unless somebody says how long, another runner is not waited for. */
  readonly impatient?: boolean
  /** Nothing is changed: an embedded database that does not exist yet is not created, and looks empty. */
  readonly reads?: boolean
  /** It changes what is there: after a backup, and in the maintenance window or at any time, where there are such settings. */
  readonly changes?: 'in the window' | 'at any time'
}

/** Makes the context of one run of a command. */
export function createContext(
  input: Input,
  output: Output,
  surroundings: KnowingSurroundings,
  scope: Scope = 'databases',
): Context {
  let project: Promise<Project> | undefined
  let entries: Promise<readonly DatabaseEntry[]> | undefined
  const context: Context = {
    ...surroundings,
    telemetry: surroundings.telemetry ?? noTelemetry,
    output,
    async confirm(question, { guarded = false } = {}) {
      if (input.options['yes'] === true) return true
      if (surroundings.interactive && !output.options.json)
        return surroundings.ask(surroundings.secrets.redact(question))
      if (guarded) throw consentNeeded(question)
      return true
    },
    project: () => (project ??= loadProject(input, surroundings, scope)),
    databases: () =>
      (entries ??= context
        .project()
        .then((loaded) =>
          selectDatabases(loaded).map((settings) => databaseEntry(settings, { project: loaded, input }, context)),
        )),
    async oneDatabase() {
      const [only, another] = await context.databases()
      if (only !== undefined && another === undefined) return only
      throw severalDatabases((await context.databases()).map(({ settings }) => settings.name))
    },
  }
  return context
}

async function loadProject(
  input: Input,
  { workingDirectory, environment, secrets }: KnowingSurroundings,
  scope: Scope,
): Promise<Project> {
  const place = await findProject(workingDirectory, text(input, 'project'))
  const source = { ...place, workingDirectory, environment }
  const flags = scope === 'server' ? await serverFlags(input, source, flagsOf(input)) : flagsOf(input)
  const project = await readProject({ ...source, flags })
  addProject(secrets, project)
  return project
}

function flagsOf(input: Input): Flags {
  const dirs = list(input, 'dirs')
  return {
    database: list(input, 'database'),
    url: text(input, 'url'),
    migrations: dirs.length === 0 ? undefined : dirs,
    wait: text(input, 'wait'),
    lockWait: text(input, 'lockWait'),
    lockTimeout: text(input, 'lockTimeout'),
    lockDeadline: text(input, 'lockDeadline'),
    schema: text(input, 'schema'),
    bootstrap: input.options['bootstrap'] === true ? true : undefined,
    unknownKeys: input.options['lenient'] === true ? 'warn' : undefined,
  }
}

/** What an entry is made for. */
export interface EntryOf {
  readonly project: Project
  readonly input: Input
  /** Where it is one member of a fleet, what its members share. */
  readonly member?: {
    readonly files: Promise<readonly MigrationFile[]>
    /** Whether it is a schema, which has a lock of its own, and not a database. */
    readonly isSchema: boolean
  }
}

/** The entry of a database with these settings. */
export function databaseEntry(
  settings: DatabaseSettings,
  { project, input, member }: EntryOf,
  context: Context,
): DatabaseEntry {
  const { output, signal } = context
  // One for all that a command does with a database: the steps of a reset have one backup.
  let guard: Guard | undefined
  let files: Promise<readonly MigrationFile[]> | undefined = member?.files
  const entry: DatabaseEntry = {
    settings,
    address: () => redactUrl(settings.url),
    directories() {
      const optional = settings.origins.migrations.from === 'default'
      const [first, ...others] = settings.migrations.map((directory) => ({ ...directory, optional }))
      if (first === undefined) throw noDirectories(settings)
      if (project.file === null && optional && !existsSync(first.absolute)) throw noProject(project)
      return [first, ...others]
    },
    dialect: () => (settings.problems.url === undefined ? dialectOf(settings) : 'postgres'),
    files: () => (files ??= readMigrationFiles(entry.directories(), { unknownKeys: settings.unknownKeys })),
    migrationsOn: async (engine) => migrationsHere(engine, await entry.files()),
    async engine({ command, interrupted, impatient = false, reads = false, changes }) {
      const standIn = reads ? emptyStandIn(settings) : undefined
      const database = await openDatabase(standIn ?? settings.url, {
        directory: settings.urlDirectory,
        wait: settings.wait,
        bootstrap: settings.bootstrap && !reads ? { adminUrl: settings.adminUrl ?? undefined } : undefined,
        signal,
        progress: output.progress,
      })
      try {
        const engine = await openEngine(database, {
          stateSchema: settings.stateSchema,
          historyView: settings.historyView,
          lockTimeout: settings.lockTimeout,
          lockDeadline: settings.lockDeadline,
          lockWait: impatient && settings.origins.lockWait.from === 'default' ? 0 : settings.lockWait,
          signal,
          progress: output.progress,
          command,
          telemetry: context.telemetry,
          part: member?.isSchema === true ? settings.stateSchema : undefined,
          guard:
            changes && (guard ??= guardOf(settings, { command, window: changes === 'in the window' }, input, context)),
          ...(interrupted && { interrupted }),
        })
        if (member?.isSchema === true) await prepareSchema(engine, settings, reads)
        return { ...engine, [Symbol.asyncDispose]: () => closeBoth(engine, database) }
      } catch (error) {
        await database.close()
        throw error
      }
    },
  }
  return entry
}

async function prepareSchema(
  { session }: Engine,
  { schema, bootstrap }: DatabaseSettings,
  reads: boolean,
): Promise<void> {
  if (bootstrap && !reads) await session.query(sql`create schema if not exists ${id(schema)}`)
  await assertSchemaFirst(session, schema)
}

function dialectOf({ url, urlDirectory }: DatabaseSettings): Dialect {
  return parseDatabaseUrl(url, urlDirectory).driver === 'sqlite' ? 'sqlite' : 'postgres'
}

// The URL of an empty database of the same engine, when the file or directory of an embedded one is not there.
function emptyStandIn({ url, urlDirectory }: DatabaseSettings): string | undefined {
  const target = parseDatabaseUrl(url, urlDirectory)
  if (target.driver === 'sqlite' && target.file !== null && !existsSync(target.file)) return 'sqlite::memory:'
  if (target.driver === 'pglite' && target.directory !== null && !existsSync(target.directory)) return 'pglite:memory'
  return undefined
}

async function closeBoth(engine: Engine, database: Database): Promise<void> {
  try {
    await engine[Symbol.asyncDispose]()
  } finally {
    await database.close()
  }
}

function severalDatabases(names: readonly string[]): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `This command is for one database, and the project has ${names.length}.`,
    remedy: `Name one with --database: ${names.join(', ')}.`,
  })
}

function noDirectories({ name, origins }: DatabaseSettings): MetastoreError {
  return new MetastoreError({
    code: 'configuration_invalid',
    message: `The database ${name} has no directory of migrations.`,
    where: origins.migrations.where ?? name,
    remedy: 'Name at least one: migrations = ["migrations"].',
  })
}

function noProject({ directory }: Project): MetastoreError {
  return new MetastoreError({
    code: 'configuration_missing',
    message:
      'There is no project here: neither a metastore.toml, here or in a directory above, nor a directory migrations.',
    where: directory,
    remedy: 'Begin one with metastore init, or name one with --project PATH.',
  })
}

function consentNeeded(question: string): MetastoreError {
  return new MetastoreError({
    code: 'consent_needed',
    message: `${question} The database is marked as production, and nobody is here to answer.`,
    remedy: 'Add --yes if that is meant.',
  })
}

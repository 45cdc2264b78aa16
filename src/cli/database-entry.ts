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
import { MetastoreError } from '../errors.ts'
import {
  assertSchemaFirst,
  migrationsHere,
  openEngine,
  readMigrationFiles,
  type Engine,
  type MigrationFile,
} from '../migrations/migrations.ts'
import type { DatabaseSettings, Project } from '../project/project.ts'
import type { Context, DatabaseEntry } from './context.ts'
import { guardsOf } from './guard.ts'
import type { Input } from './input.ts'

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
  // For all that a command does with a database: the steps of a reset have one backup.
  const guards = guardsOf(settings, input, context)
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
    async engine({ command, interrupted, impatient = false, reads = false, changes, backfills = true }) {
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
          guard: changes && guards.of({ command, window: changes === 'in the window', backfills }),
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

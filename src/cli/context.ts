import type { Readable, Writable } from 'node:stream'
import type { Dialect } from '../database/database.ts'
import type {
  Engine,
  InterruptedPolicy,
  MigrationDirectory,
  MigrationFile,
  MigrationsHere,
} from '../migrations/migrations.ts'
import type { DatabaseSettings, Project } from '../project/project.ts'
import type { Secrets } from '../secrets/redaction.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Output } from './output.ts'

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
  /** Takes the standard streams for a protocol, so that from then on nothing else is written to standard output. */
  readonly takeStreams?: () => ProtocolStreams
}

/** The two ends of a protocol that is spoken over standard input and output. */
export interface ProtocolStreams {
  readonly input: Readable
  readonly output: Writable
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
  /** Whether a backfill may be a part of it. True unless said. */
  readonly backfills?: boolean
}

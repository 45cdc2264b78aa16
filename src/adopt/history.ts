import type { Queryable } from '../database/database.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import type { ToolTable } from './tool-table.ts'

/** One migration as another tool has recorded it. */
export interface RecordedMigration {
  /** As the tool calls it. */
  readonly name: string
  readonly description: string | null
  readonly appliedAt: Date | null
  /** The actions that it ran, as JSON; null where the tool does not keep them. */
  readonly actions: readonly unknown[] | null
  /** What the tool knows its text by; null where it keeps nothing, or nothing that can be compared. */
  readonly checksum?: string | null
  /** Whether it stands for everything up to itself, because the tool keeps only where the database is. */
  readonly reaches?: boolean
}

/** What another tool says of a database. */
export interface RecordedHistory {
  /** What the tool is in the middle of, or what it has failed at, in its own words; null when nothing is going on. */
  readonly busy: string | null
  /** What to do about it, where that is not to complete or abort it. */
  readonly busyRemedy?: string
  /** In the order in which they were applied. */
  readonly migrations: readonly RecordedMigration[]
  /** Whether the tool makes a version schema `migration_<name>` of its newest migration. */
  readonly versions: boolean
}

/** A tool whose databases can be taken over. */
export interface AdoptionSource {
  /** As people call it. */
  readonly title: string
  /** Finds the table of its history; undefined where the tool never was. `base` is where it is looked for first. */
  readonly table: (db: Queryable, base: string) => Promise<ToolTable | undefined>
  /** Reads what the tool has recorded. Nothing is changed. */
  readonly read: (db: Queryable, table: ToolTable, files: readonly MigrationFile[]) => Promise<RecordedHistory>
  /** The files that a recorded migration is; the one of its name unless said. */
  readonly filesOf?: (recorded: RecordedMigration, files: readonly MigrationFile[]) => readonly MigrationFile[]
  /** Parts of a file that are not among what is recorded, where the tool records parts. */
  readonly left?: (file: MigrationFile, recorded: readonly RecordedMigration[]) => readonly string[]
  /** Whether a file says what was applied; null where that cannot be told, which is so unless said. */
  readonly isSame?: (file: MigrationFile, recorded: RecordedMigration) => Promise<boolean | null> | boolean | null
}

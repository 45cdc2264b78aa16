import type { BatchOptions, ColumnOrder } from './batch/compiled-batch.ts'
import type { MigrationFile, Priority } from './migration.ts'

/** What is going on with a batch, while there is one. */
export type BatchPhase = 'applying' | 'in_progress' | 'completing' | 'aborting'

/** One migration of a batch as its start found it, so that nothing that comes later needs the file. */
export interface StoredMigration extends Omit<MigrationFile, 'absolutePath' | 'down' | 'replaces' | 'extensions'> {
  readonly description: string | undefined
  readonly priority: Priority
}

/** What is particular about a batch that takes migrations back. */
export interface StoredRollback {
  /** Whether there is no version schema afterwards. */
  readonly last: boolean
  /** The order of columns that come back, which are the last ones of their tables now. */
  readonly columnOrder: ColumnOrder
}

/** A batch that is under way, as the database has it: enough to compile it again. */
export interface StoredBatch {
  /** The history's rows carry it too. */
  readonly id: string
  readonly migrations: readonly StoredMigration[]
  /** The schema that holds the real tables. */
  readonly base: string
  /** The migration whose version schema the old application uses; null before the first. */
  readonly oldVersion: string | null
  /** What the version schema is named after: the last migration, or of a rollback the one before those it takes back. */
  readonly target: string
  /** Of a rollback: its migrations hold what undoes those of the same names. */
  readonly rollback?: StoredRollback | undefined
  readonly options: BatchOptions
  /** Whether who started it meant to complete it in the same run, so that running the same again goes on with that. */
  readonly complete: boolean
  /** A table to keep in what its abort loses. */
  readonly saveLost?: string | undefined
  /** ISO 8601, in UTC. */
  readonly startedAt: string
  readonly toolVersion: string
}

/** Names of a batch's migrations, in order. */
export function namesOf(batch: Pick<StoredBatch, 'migrations'>): string[] {
  return batch.migrations.map(({ name }) => name)
}

/** Who works on a batch at this moment, for people; the lock is what keeps others out. */
export interface Lease {
  /** `user@host (pid 123)`. */
  readonly holder: string
  readonly command: string
  /** ISO 8601, in UTC, by the server's clock. */
  readonly since: string
  readonly heartbeat: string
  /** What it is doing. */
  readonly step: string | null
}

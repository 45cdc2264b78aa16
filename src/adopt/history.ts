import type { Queryable } from '../database/database.ts'

/** One migration as another tool has recorded it. */
export interface RecordedMigration {
  readonly name: string
  readonly description: string | null
  readonly appliedAt: Date | null
  /** The actions that it ran, as JSON; null where the tool does not keep them. */
  readonly actions: readonly unknown[] | null
}

/** What another tool says of a database. */
export interface RecordedHistory {
  /** What the tool is in the middle of, in its own word; null when nothing is going on. */
  readonly busy: string | null
  /** In the order in which they were applied. */
  readonly migrations: readonly RecordedMigration[]
  /** Whether the tool makes a version schema `migration_<name>` of its newest migration. */
  readonly versions: boolean
}

/** A tool whose databases can be taken over. */
export interface AdoptionSource {
  /** As people call it. */
  readonly title: string
  /** Reads what the tool has recorded; undefined where it never was. Nothing is changed. */
  readonly read: (db: Queryable) => Promise<RecordedHistory | undefined>
}

import { sql, type Queryable, type Sql } from '../database/database.ts'
import { readOrNothing, type Bookkeeping } from './bookkeeping.ts'
import type { FormatName, Migration, MigrationFile, Priority } from './migration.ts'

/** A migration that is in effect, as the history has it, without its source text. */
export interface AppliedMigration {
  /** Where it stands in the order in which migrations were applied; grows, may have gaps. */
  readonly position: number
  readonly name: string
  readonly checksum: string
}

/** One row of the history in full: a migration that was applied, and perhaps rolled back later. */
export interface HistoryEntry extends AppliedMigration {
  readonly version: number | bigint | null
  readonly format: FormatName
  readonly description: string | null
  readonly priority: Priority
  readonly batch: string
  /** `migrated` when its SQL ran, `stamped` when it was only recorded. */
  readonly how: 'migrated' | 'stamped'
  /** ISO 8601 in UTC. */
  readonly startedAt: string
  /** ISO 8601 in UTC. */
  readonly appliedAt: string
  readonly durationMs: number
  readonly appliedBy: string
  readonly toolVersion: string
  /** ISO 8601 in UTC; null while it is in effect. */
  readonly rolledBackAt: string | null
  readonly rolledBackBy: string | null
}

/** Who changes the history, and in which run. */
export interface Actor {
  /** The operating system's user and host, as `user@host`. */
  readonly user: string
  readonly command: string
  readonly toolVersion: string
  /** One run of the tool; what it applied shares it. */
  readonly batch: string
}

/** What is in effect, in the order in which it was applied; nothing on a database that was never managed. */
export function readApplied(db: Queryable, { migrations }: Bookkeeping): Promise<AppliedMigration[]> {
  return readOrNothing(() =>
    db.query<AppliedMigration>(sql`
      select position, name, checksum
      from ${migrations}
      where rolled_back_at is null
      order by position`),
  )
}

/** The whole history, oldest first, with what was rolled back. */
export function readHistory(db: Queryable, { migrations, timeText }: Bookkeeping): Promise<HistoryEntry[]> {
  return readOrNothing(() =>
    db.query<HistoryEntry>(sql`
      select
        position, name, checksum, version, format, description, priority, batch, how,
        ${timeText('started_at')} as "startedAt",
        ${timeText('applied_at')} as "appliedAt",
        duration_ms as "durationMs",
        applied_by as "appliedBy",
        tool_version as "toolVersion",
        ${timeText('rolled_back_at')} as "rolledBackAt",
        rolled_back_by as "rolledBackBy"
      from ${migrations}
      order by position`),
  )
}

/** The text of a migration as it was applied; undefined when it is not in effect. */
export async function readAppliedSource(
  db: Queryable,
  { migrations }: Bookkeeping,
  name: string,
): Promise<{ source: string; downSource: string | null; format: FormatName } | undefined> {
  const rows = await readOrNothing(() =>
    db.query<{ source: string; downSource: string | null; format: FormatName }>(sql`
      select source, down_source as "downSource", format
      from ${migrations}
      where name = ${name} and rolled_back_at is null`),
  )
  return rows[0]
}

/** The statement that records a migration as in effect. */
export function recordApplied(
  { migrations, now }: Bookkeeping,
  migration: Pick<Migration, 'file' | 'description' | 'priority'>,
  actor: Actor,
  run: { readonly how: 'migrated' | 'stamped'; readonly durationMs: number; readonly startedAt: Date },
): Sql {
  const { file } = migration
  return sql`
    insert into ${migrations} (
      name, version, format, description, priority, checksum, source, down_source,
      batch, how, started_at, applied_at, duration_ms, applied_by, tool_version
    ) values (
      ${file.name}, ${versionNumber(file)}, ${file.format}, ${migration.description ?? null}, ${migration.priority},
      ${file.checksum}, ${file.source}, ${file.down?.source ?? null},
      ${actor.batch}, ${run.how}, ${run.startedAt}, ${now}, ${run.durationMs}, ${actor.user}, ${actor.toolVersion}
    )`
}

/** The statement that records a migration as rolled back. */
export function recordRolledBack({ migrations, now }: Bookkeeping, name: string, actor: Actor): Sql {
  return sql`
    update ${migrations} set rolled_back_at = ${now}, rolled_back_by = ${actor.user}
    where name = ${name} and rolled_back_at is null`
}

/** The statement that accepts a file's present text as the one that was applied. */
export function recordChanged({ migrations }: Bookkeeping, file: MigrationFile): Sql {
  return sql`
    update ${migrations}
    set checksum = ${file.checksum}, source = ${file.source}, down_source = ${file.down?.source ?? null}
    where name = ${file.name} and rolled_back_at is null`
}

// PostgreSQL and SQLite both store 64 bits; a longer number is no version that another tool could have.
function versionNumber(file: MigrationFile): bigint | null {
  if (file.version === null) return null
  const number = BigInt(file.version)
  return number <= 9_223_372_036_854_775_807n ? number : null
}

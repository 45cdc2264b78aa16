import type { Catalog } from '../catalog/catalog.ts'
import type { Severity } from '../finding.ts'
import type { AuditFinding } from './audit-finding.ts'

/** Everything that an audit has to say, as data; every report is made of it. */
export interface AuditReport {
  /** The name that the database has in the project. */
  readonly database: string
  /** Its URL without the password. */
  readonly address: string
  /** The engine and its version, as `PostgreSQL 18.1`. */
  readonly server: string
  /** When the database was looked at: ISO 8601, UTC. */
  readonly at: string
  /** The newest migration in effect; null when there is none. */
  readonly current: string | null
  /** The severity of the worst finding; null when there is none. */
  readonly worst: Severity | null
  /** The worst first. */
  readonly findings: readonly AuditFinding[]
  /** In the order of the project. */
  readonly migrations: readonly AuditedMigration[]
  readonly tables: readonly AuditedTable[]
  /** What to do to bring the database where it should be, in this order. */
  readonly checklist: readonly ChecklistItem[]
  /** What is really there. */
  readonly catalog: Catalog
}

/** One migration, with what it provides. */
export interface AuditedMigration {
  readonly name: string
  readonly path: string
  readonly priority: Severity
  readonly state: 'applied' | 'pending' | 'edited'
  /** When it was applied: ISO 8601, UTC; null when it was not. */
  readonly appliedAt: string | null
  /** What there should be of it, tables before their parts; what a later migration removes is not among it. */
  readonly provides: readonly AuditedObject[]
}

/** One object that a migration provides. */
export interface AuditedObject {
  /** Its identity, as `column public.runs.id`. */
  readonly key: string
  readonly kind: string
  readonly state: 'there' | 'missing' | 'different'
  /** Migrations that changed it since. */
  readonly changedBy: readonly string[]
  /** Plain SQL that returns a row when it is there, to paste into psql. */
  readonly query: string
}

/** A table, and how much is in it. */
export interface AuditedTable {
  readonly schema: string
  readonly name: string
  /** As the last ANALYZE estimated; -1 when there was none. */
  readonly rows: number
  readonly bytes: number
}

/** One thing to do. */
export interface ChecklistItem {
  readonly title: string
  /** The command or the SQL; null where a person has to do something else. */
  readonly run: string | null
}

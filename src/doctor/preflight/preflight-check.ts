import { sql, type Database, type Session, type Sql } from '../../database/database.ts'
import type { Finding } from '../../finding.ts'
import type { MigrationFile, Plan, TableStatistics } from '../../migrations/migrations.ts'

/** A plan, and the database that it is for. */
export interface PreflightSubject {
  readonly database: Database
  readonly session: Session
  /** The plan with its forecasts. */
  readonly plan: Plan
  readonly statistics: TableStatistics
  /** The schema that migrations make tables in. */
  readonly base: string
  /** The files that the plan applies. */
  readonly files: readonly MigrationFile[]
  /** Bytes that are free for the database, where somebody knows. */
  readonly diskFree: number | null
}

/** One thing that preflight looks at; it reads and never writes. */
export interface PreflightCheck {
  /** As the beginning of a sentence. */
  readonly looksAt: string
  run(subject: PreflightSubject): Promise<Finding[]>
}

/** The tables that a plan locks so that somebody may wait, as `schema.name`. */
export function lockedTables({ plan }: Pick<PreflightSubject, 'plan'>): string[] {
  const steps = plan.migrations.flatMap((migration) => migration.steps)
  const locks = steps.flatMap(({ forecast }) => forecast?.locks ?? [])
  return [...new Set(locks.filter(({ mode }) => mode !== 'access share').map(({ table }) => table))]
}

/** A condition on `pg_class` as `class` in `pg_namespace` as `namespace`: it is one of these tables. */
export function isOneOf(tables: readonly string[]): Sql {
  return sql`(namespace.nspname || '.' || class.relname)
    in (select pg_catalog.json_array_elements_text(${JSON.stringify(tables)}::json))`
}

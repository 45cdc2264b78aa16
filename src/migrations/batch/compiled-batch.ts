import type { Catalog } from '../../catalog/catalog.ts'
import type { Sql } from '../../database/database.ts'
import type { MetastoreError } from '../../errors.ts'
import type { ActionsPart } from '../migration.ts'
import type { PreflightPlan } from '../preflight/preflight-plan.ts'
import type { Parser } from '../sql/parser.ts'
import type { PhaseStep } from './phase-step.ts'
import type { VersionSchema } from './version-view.ts'

/** One migration of a batch. */
export interface BatchMigration {
  readonly name: string
  readonly part: ActionsPart
}

/** Names of columns, by the name of their table. */
export type ColumnOrder = Readonly<Record<string, readonly string[]>>

/** Everything that a batch is compiled from: equal inputs give equal steps, so a resumed run compiles again. */
export interface BatchInput {
  readonly migrations: readonly BatchMigration[]
  /** What the version schema is named after. Default: the last migration. */
  readonly target?: string | undefined
  /** The base schema and the old version's as they were before the batch, and after each opaque step that has run. */
  readonly catalogs: readonly [Catalog, ...Catalog[]]
  /** The order in which the new version sees the columns of a table, where it is not the one that actions give them. */
  readonly columnOrder?: ColumnOrder | undefined
  /** The schema that holds the real tables, `public` unless configured. */
  readonly base: string
  readonly stateSchema: string
  /** The name of the migration whose version schema the old application uses; null before the first. */
  readonly oldVersion: string | null
  /** The server's major version. */
  readonly serverMajor: number
  readonly parser: Parser
  readonly options: BatchOptions
}

/** What a batch puts up with, and how. */
export interface BatchOptions {
  /** A table may be rewritten under an exclusive lock (a stored generated column), however large it is. */
  readonly allowRewrite: boolean
  /** Whether statements that break the other version's writes are only warned of, as the lenient reader does. */
  readonly lenient: boolean
  /** Take an advisory lock around writes of an altered unique column, against 23505 of concurrent upserts. */
  readonly serializeUpserts: boolean
  /** Whether views and functions of the base schema are carried into the version schema. */
  readonly exposeViews: boolean
}

/** A batch as steps, with all that is wrong with it; nothing of it has run. */
export interface CompiledBatch {
  /** The name of the last migration, which the version schema is named after. */
  readonly target: string
  readonly versionSchema: VersionSchema
  /** In order: expand, keep in step, backfill, build; then the version schema. Ends early at an opaque step whose effect is not known yet. */
  readonly start: readonly PhaseStep[]
  /** Whether `start` ends early, in a `reintrospect` step. */
  readonly incomplete: boolean
  /** What `complete` does while both versions live: it may fail and be repeated. */
  readonly prepare: readonly PhaseStep[]
  /** What `complete` does after the old version is gone. */
  readonly complete: readonly PhaseStep[]
  readonly problems: readonly MetastoreError[]
  readonly warnings: readonly MetastoreError[]
  readonly preflight: PreflightPlan
  /** What must hold before an abort: rows found are told, and the state stays as it is. */
  readonly abortChecks: readonly AbortCheck[]
  /** What only the new version has, and an abort would lose. */
  readonly losses: readonly Loss[]
}

/** A condition of an abort. */
export interface AbortCheck {
  readonly label: string
  /** The column that must have no nulls, in the base schema. */
  readonly table: string
  readonly column: string
  /** Rows with a null, a few of them. */
  readonly query: Sql
}

/** Data that only the new version has. */
export interface Loss {
  /** As the new version calls it: `runs.vendor`, `run_costs`. */
  readonly what: string
  /** Gives one row with `count`: how many rows hold something. */
  readonly count: Sql
  /** Selects the key columns and the values, for `--save-lost`. */
  readonly rows: Sql
}

/** What a batch does where nobody says otherwise. */
export const usualBatchOptions: BatchOptions = {
  allowRewrite: false,
  lenient: false,
  serializeUpserts: false,
  exposeViews: true,
}

import type { Sql } from '../../database/database.ts'
import type { BackfillPlan } from '../backfill/plan.ts'
import type { SqlRange } from '../step.ts'

/** How strongly a step locks a table: `LOCK TABLE … IN … MODE`. */
export type LockMode = 'access exclusive' | 'share row exclusive' | 'share update exclusive'

/** A table that a step locks before it does anything else, so that it never waits while it holds another lock. */
export interface TableLock {
  readonly schema: string
  readonly name: string
  readonly mode: LockMode
  /**
   * A view of it that the step changes as well. Sessions lock the view before the table, so the step does too; to lock a view
   * is to lock the tables that it shows (PostgreSQL manual, LOCK).
   */
  readonly view?: { readonly schema: string; readonly name: string }
}

/**
 * Statements that take effect as a whole or not at all, with their journal row. All locks are taken by one first statement
 * per mode with a short lock timeout, and tried again with pauses, so that nobody queues behind the step for longer.
 */
export interface TransactionBody {
  readonly kind: 'transaction'
  readonly locks: readonly TableLock[]
  readonly statements: readonly Sql[]
}

/** SQL that an author wrote (`custom`); outside a transaction where it says `-- metastore: no-transaction`. */
export interface ScriptBody {
  readonly kind: 'script'
  readonly sql: SqlRange
  /** The version schema whose views make room for what it changes; undefined where an old version is still in use. */
  readonly versionSchema?: string | undefined
}

/**
 * An index built without blocking writers: under an internal name, checked to be valid, then given its final name in the
 * transaction of the journal row. An invalid leftover of the internal name is dropped and the build repeated.
 */
export interface BuildIndexBody {
  readonly kind: 'build_index'
  readonly schema: string
  readonly table: string
  /** Ours, so that whatever has it may be dropped. */
  readonly internalName: string
  /** Null when it keeps the internal one until the swap. */
  readonly finalName: string | null
  /** From the parenthesis on, or from USING on: what follows `create index concurrently <name> on <table>`. */
  readonly definition: Sql
  readonly unique: boolean
  /** The table is partitioned: built for each partition and attached. */
  readonly partitioned: boolean
}

/** An index dropped without blocking writers; one that is gone already is no error. */
export interface DropIndexBody {
  readonly kind: 'drop_index'
  readonly schema: string
  readonly name: string
  /** The partitioned table whose index it is to be, where a build of it may have stopped among the partitions. */
  readonly partitionsOf?: string | undefined
}

/** Existing rows brought up to date, in batches; resumed from its journalled progress. */
export interface BackfillBody {
  readonly kind: 'backfill'
  readonly plan: BackfillPlan
}

/** After SQL that only its author knows: reads the schema again, and compiles on from there. */
export interface ReintrospectBody {
  readonly kind: 'reintrospect'
}

/** After SQL that only its author knows, in `complete`: makes the views show what there is. */
export interface RefreshViewsBody {
  readonly kind: 'refresh_views'
  readonly versionSchema: string
}

/** Fails while rows of a table wait for values that were put off (`up_errors = "defer"`). */
export interface RequireSettledBody {
  readonly kind: 'require_settled'
  /** The table, for people. */
  readonly table: string
  /** Asks for rows that wait. */
  readonly find: Sql
}

/** What a step does. */
export type StepBody =
  | TransactionBody
  | ScriptBody
  | BuildIndexBody
  | DropIndexBody
  | BackfillBody
  | ReintrospectBody
  | RefreshViewsBody
  | RequireSettledBody

/** One thing that the runner does and journals while a batch starts, completes or is aborted. */
export interface PhaseStep {
  /** The same in every compilation of the batch, and unique in its phase. */
  readonly key: string
  /** Null for what serves the batch as a whole. */
  readonly migration: string | null
  /** What it does, for people, such as `add column runs.vendor`. */
  readonly label: string
  readonly body: StepBody
  /** How to take it back, in this order; run only when the step is in the journal, and harmless when repeated. */
  readonly undo: readonly StepBody[]
}

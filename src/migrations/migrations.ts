export { holdForReplicas } from './backfill/replica-lag.ts'
export type { Hold } from './backfill/options.ts'
export type { Action } from './actions/action.ts'
export {
  assertUnmanaged,
  baseline,
  baselineVersion,
  makeVersionSchema,
  noteBaseline,
  recordAsApplied,
} from './baseline.ts'
export type { BaselineOptions, BaselineResult } from './baseline.ts'
export type { BatchOptions } from './batch/compiled-batch.ts'
export { versionSchemaName } from './batch/names.ts'
export type { Bookkeeping } from './bookkeeping.ts'
export { checkMigrations } from './check.ts'
export type { CheckOptions } from './check.ts'
export { applyFixes } from './check/apply-fixes.ts'
export { fileStatements, type FileStatement } from './check/file-statements.ts'
export { findHazards } from './check/find-hazards.ts'
export type { FoundHazard } from './check/find-hazards.ts'
export type { HazardContext } from './check/scene.ts'
export type { Script } from './check/seen-statement.ts'
export { loadStatistics, readStatistics, saveStatistics } from './check/statistics.ts'
export type { TableStatistics } from './check/statistics.ts'
export { dropInvalidIndex, prepareIndex } from './concurrent-index.ts'
export { assertConsistent } from './consistency.ts'
export { openEngine, readPosition } from './engine.ts'
export type { Engine, EngineOptions, Guard, Position } from './engine.ts'
export { readApplied, readAppliedSource, readHistory } from './history.ts'
export type { AppliedMigration, HistoryEntry } from './history.ts'
export { assertSchemaFirst, namesByPattern, namesByQuery } from './fleet-names.ts'
export { findingOf } from './finding-of.ts'
export { parseMigration } from './formats.ts'
export { migrate } from './migrate.ts'
export type { MigrateOptions, MigrateResult } from './migrate.ts'
export { compareWithHistory, describeDiscrepancy } from './pending.ts'
export type { Allowances, Discrepancy } from './pending.ts'
export type {
  AbortOptions,
  AbortResult,
  CompleteResult,
  LossCount,
  PhaseOptions,
  PhaseState,
  StartOptions,
  StartResult,
} from './phases/phase-options.ts'
export { abortBatch, completeBatch, startBatch } from './phases/phases.ts'
export type { BackfillStatus, StepStatus } from './phases/step-status.ts'
export { planRollback, planRun } from './plan.ts'
export type { Plan, PlannedMigration, PlannedStep } from './plan.ts'
export { loadDefaultExport, splitScript } from './foreign-scripts.ts'
export { findMigrationFiles, readMigrationFiles } from './read.ts'
export type { MigrationDirectory } from './read.ts'
export { replayOnSqlite } from './replay.ts'
export { parseDestination, resolveName } from './resolve.ts'
export type { Destination } from './resolve.ts'
export type { BookkeepingState } from './bookkeeping.ts'
export { batchUnderWay } from './phases/refusals.ts'
export { readRollback } from './rollback/parts.ts'
export { rollback } from './rollback/rollback.ts'
export type { RollbackOptions, RollbackResult } from './rollback/rollback-options.ts'
export { selectRollback } from './rollback/select.ts'
export { retrying as withLockRetries } from './retry.ts'
export type { MigrationRun } from './run.ts'
export type { InterruptedPolicy } from './run-outside.ts'
export { parseAll, selectPending } from './selection.ts'
export { squash } from './squash.ts'
export { forget, stamp } from './stamp.ts'
export type { StampResult } from './stamp.ts'
export type { ConcurrentIndex } from './step.ts'
export { readStatus } from './status.ts'
export type { DatabaseStatus } from './status.ts'
export { migrationsHere } from './waiting.ts'
export type { MigrationsHere, WaitingMigration } from './waiting.ts'
export { schemaQuery } from './versions/schema-query.ts'
export { readOnlyReason } from './writable.ts'
export type { ReadOnly } from './writable.ts'
export { defineMigration } from './migration.ts'
export type { Migration, MigrationFile, Priority, ScriptContext } from './migration.ts'

import type { ScriptPart } from './migration.ts'

/** SQL and where it stands, so that a failure can be shown in its file. */
export interface SqlRange {
  readonly text: string
  /** Offset of `text` in `source`, in UTF-16 code units. */
  readonly offset: number
  readonly source: string
  readonly path: string
}

/** An index that a statement builds, drops or rebuilds without blocking writers. */
export interface ConcurrentIndex {
  readonly operation: 'create' | 'drop' | 'reindex'
  /** Null when the statement leaves it to the search path. */
  readonly schema: string | null
  /** Null when the server makes up the name. */
  readonly name: string | null
  readonly ifNotExists: boolean
}

interface StepBase {
  /** What the step is, for the journal: a digest of its text. The same text twice is numbered. */
  readonly key: string
  /** What it does, for people: the first words of its SQL. */
  readonly label: string
}

/** SQL that takes effect as a whole or not at all, together with its journal row. */
export interface TransactionStep extends StepBase {
  readonly kind: 'transaction'
  readonly sql: SqlRange
}

/** A statement that changes the session's settings; it runs again in every new session. */
export interface SettingStep extends StepBase {
  readonly kind: 'setting'
  readonly sql: SqlRange
}

/** A statement that the server refuses in a transaction. */
export interface OutsideStep extends StepBase {
  readonly kind: 'outside'
  readonly sql: SqlRange
  /** The index it is about, where the catalog can tell whether it has happened. */
  readonly index: ConcurrentIndex | undefined
  /** Whether running it a second time does no harm. */
  readonly repeatable: boolean
}

/** A function of a migration written in code. */
export interface CodeStep extends StepBase {
  readonly kind: 'code'
  readonly part: ScriptPart
}

/** One thing that the runner does and journals. */
export type Step = TransactionStep | SettingStep | OutsideStep | CodeStep

/** A direction of a migration, ready to run. */
export interface CompiledPart {
  readonly steps: readonly Step[]
  /** All of it is one transaction, which the history's row is part of. */
  readonly atomic: boolean
}

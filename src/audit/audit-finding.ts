import type { Finding } from '../finding.ts'

/** What kind of thing is the matter. */
export type AuditKind =
  | 'missing'
  | 'different'
  | 'unexpected'
  | 'not_applied'
  | 'not_recorded'
  | 'edited'
  | 'out_of_order'
  | 'file_missing'
  | 'file_failed'
  | 'in_progress'
  | 'seed'
  | 'secret'
  | 'health'

/** One thing that the audit says. */
export interface AuditFinding extends Finding {
  readonly kind: AuditKind
  /** The identity of the object concerned, as `column public.runs.id`; null when it is about a file or the whole. */
  readonly objectKey: string | null
  /** The migration that provides the object, or is concerned itself; null when none does. */
  readonly migration: string | null
  /** Plain SQL that shows it, to paste into psql; null when there is nothing to ask. */
  readonly query: string | null
  /** SQL that repairs it without touching rows; empty when nothing does. `--fix` runs it, but for that of `health`. */
  readonly repair: readonly string[]
}

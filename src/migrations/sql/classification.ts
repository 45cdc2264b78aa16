import type { ConcurrentIndex } from '../step.ts'

/** How a statement gets along with transactions. */
export type StatementKind =
  /** It may run in a transaction, or on its own. */
  | 'transactional'
  /** The server refuses it in a transaction, or it has no effect there. */
  | 'outside'
  /** It changes the session (`SET`, `LISTEN`), so a new session that resumes has to run it again. */
  | 'session'
  /** It makes something that only its session has (a temporary table), which a session that resumes has lost. */
  | 'temporary'
  | 'begin'
  | 'commit'
  | 'rollback'
  /** It reads rows from a client program. */
  | 'copy_stdin'
  /** It runs code that may commit (`CALL`, `DO`), so after an interruption nobody can tell what it did. */
  | 'uncertain'

/** What is known about a statement without running it. */
export interface Classification {
  readonly kind: StatementKind
  /** The index that it builds, drops or rebuilds concurrently. */
  readonly index?: ConcurrentIndex | undefined
}

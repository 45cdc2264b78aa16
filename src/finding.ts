/** How bad a finding is: P0 it will fail or lose data, P1 it will hurt, P2 it is worth a look. */
export type Severity = 'P0' | 'P1' | 'P2'

/** One thing that `check` or `audit` says. */
export interface Finding {
  /** Stable, in snake_case; each has a page in the manual. */
  readonly code: string
  readonly severity: Severity
  /** The file concerned, as people see it, with line and column from 1 where they are known. */
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** The object of the database or the migration concerned. */
  readonly object?: string | undefined
  /** What is the matter, as one or more sentences. */
  readonly message: string
  /** What to do about it, as a sentence. */
  readonly remedy: string
}

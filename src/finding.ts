/** How bad a finding is: P0 it will fail or lose data, P1 it will hurt, P2 it is worth a look. */
export type Severity = 'P0' | 'P1' | 'P2'

/** A change of a file's text: what stands between two offsets (UTF-16 code units) becomes another text. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A safe way to mend a file by edits, which do not overlap. */
export interface Fix {
  /** What the edits do, as a sentence. */
  readonly description: string
  readonly edits: readonly Edit[]
}

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
  /** The id of the hazard, such as `H01`, where it is one. */
  readonly hazard?: string | undefined
  /** Edits of `file` that mend it, where there are any that are always safe. */
  readonly fix?: Fix | undefined
  /** A whole migration file in TOML that does the same without the hazard, as a zero-downtime action. */
  readonly asAction?: string | undefined
}

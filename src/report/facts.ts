/** What is so with a migration. */
export interface MigrationFact {
  readonly name: string
  readonly state: 'applied' | 'pending' | 'waiting'
  /** ISO 8601, UTC; null when it is not applied. */
  readonly appliedAt: string | null
  /** The tables that it makes, as `schema.name`. */
  readonly tables: readonly string[]
  /** What it should have made and what is not there, or is different: keys of objects. */
  readonly lacking: readonly string[]
}

/** What is so with a seed file. */
export interface SeedFact {
  readonly file: string
  readonly state: 'applied' | 'changed' | 'pending' | 'skipped'
  readonly appliedAt: string | null
  /** What it writes to, with the rows that are not as it says; empty where that cannot be known. */
  readonly tables: readonly {
    readonly table: string
    readonly missing: number
    readonly different: number
    readonly asListed: number
  }[]
  /** What is wrong with the file; null where it is well-formed. */
  readonly problem: string | null
}

/** What a seed set expects, and whether it is so. */
export interface ExpectationFact {
  readonly name: string
  readonly ok: boolean
  readonly expected: string
  readonly found: string
  /** How it is written in its file, which tells what it is about. */
  readonly about: string
}

/** What the audit says. */
export interface FindingFact {
  readonly severity: string
  readonly code: string
  readonly message: string
  readonly remedy: string
  /** The object concerned, as `column public.runs.id`; null for the whole. */
  readonly object: string | null
}

/** Everything that reports are made of: what history and database say, and nothing that changes by itself. */
export interface Facts {
  readonly database: string
  /** The schema of tables that are named without one. */
  readonly schema: string
  /** The engine and its version. */
  readonly server: string
  readonly current: string | null
  readonly migrations: readonly MigrationFact[]
  readonly seeds: readonly SeedFact[]
  /** What keeps the seeds from being compared with the tables, behind its place; null where nothing does. */
  readonly seedProblem: string | null
  /** Null where they cannot be looked at, because a seed file is wrong. */
  readonly expectations: readonly ExpectationFact[] | null
  /** Null where the database cannot be audited. */
  readonly findings: readonly FindingFact[] | null
  /** The rows of each table that there is, by `schema.name`. */
  readonly rows: ReadonlyMap<string, number>
}

import type { Dialect } from '../../database/sql.ts'
import type { Finding, Severity } from '../../finding.ts'
import type { Migration, MigrationFile } from '../migration.ts'
import type { Parser } from '../sql/parser.ts'
import type { SqlPartText } from './sql-parts.ts'

/** What the rules look at: files and migrations as data. */
export interface CheckInput {
  /** Every file that could be read, in the order of application. */
  readonly files: readonly MigrationFile[]
  /** Those of them that could be understood. */
  readonly migrations: readonly Migration[]
  readonly dialect: Dialect
  /** The schema that names without one mean. */
  readonly schema: string
  /** PostgreSQL's parser; undefined for SQLite. */
  readonly parser: Parser | undefined
  /** The directions that are written in SQL, split into statements. */
  readonly parts: readonly SqlPartText[]
  /** The names of those that are not applied, or that are asked about; undefined where nobody tells. */
  readonly pending?: ReadonlySet<string> | undefined
}

/** One rule about migration files: one file, one line in the list of check.ts. */
export interface Check {
  readonly code: string
  readonly severity: Severity
  /** The hazard that it is a part of. */
  readonly hazard?: string
  /** Why it matters, as a sentence. */
  readonly summary: string
  readonly check: (
    input: CheckInput,
  ) => readonly (Omit<Finding, 'code' | 'severity'> & Partial<Pick<Finding, 'severity'>>)[]
}

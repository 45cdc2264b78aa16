/** How bad it is when a migration is not in effect: P0 the application cannot start, P1 a part of it fails, P2 cosmetic. */
export type Priority = 'P0' | 'P1' | 'P2'

/** The formats that a migration file can have; `formats.ts` lists their extensions and readers. */
export type FormatName = 'sql' | 'script'

/** One migration as a file that has been found and hashed, not yet understood. */
export interface MigrationFile {
  /** The file name without its extension; unique in a project. */
  readonly name: string
  /** The leading number of the file name, as text of digits without leading zeros; null when it has none. */
  readonly version: string | null
  /** The path as people see it, relative to the project. */
  readonly path: string
  /** The path to read from. */
  readonly absolutePath: string
  readonly format: FormatName
  /** The text, as it was read, line ends and all. For a pair `x.up.sql` and `x.down.sql`, that of the up file. */
  readonly source: string
  /** Names of migrations that this one stands for, when it was made of them by squashing. */
  readonly replaces?: readonly string[]
  /** The text and path of the down file, where the migration is a pair of files. */
  readonly down?: { readonly path: string; readonly source: string } | undefined
  /** SHA-256 over the text with line ends normalised to a line feed, in lower-case hexadecimal. A pair's is over both texts. */
  readonly checksum: string
}

/** One migration, understood: data until the runner executes what it compiles to. */
export interface Migration {
  readonly file: MigrationFile
  readonly name: string
  readonly description: string | undefined
  readonly priority: Priority
  /** Names of migrations that must be applied before this one. */
  readonly requires: readonly string[]
  readonly up: Part
  /** How to undo it after completion; absent when nobody said. */
  readonly down: Part | undefined
}

/** One direction of a migration. */
export type Part = SqlPart | ScriptPart

/** A direction written as SQL. */
export interface SqlPart {
  readonly kind: 'sql'
  /** Its SQL, a slice of the file. */
  readonly text: string
  /** The file that holds it, as people see it. */
  readonly path: string
  /** Where the slice begins in that file, in UTF-16 code units. */
  readonly offset: number
  /** The file's whole text, to turn offsets into lines. */
  readonly source: string
  /** Whether it runs in one transaction, which is so unless the file says otherwise. */
  readonly transaction: boolean
}

/** A direction written as code. */
export interface ScriptPart {
  readonly kind: 'script'
  readonly path: string
  /** Calls the module's function. */
  readonly run: (context: ScriptContext) => Promise<void>
  readonly transaction: boolean
}

/** What a migration in code is given. */
export interface ScriptContext {
  /** The transaction it runs in; the bare session when it declares `transaction = false`. */
  readonly db: import('../database/driver.ts').Queryable
  readonly dialect: import('../database/sql.ts').Dialect
  readonly sql: typeof import('../database/sql.ts').sql
  readonly id: typeof import('../database/sql.ts').id
  /** Aborts when the run is interrupted. */
  readonly signal: AbortSignal
  /** Says a line to whoever watches. */
  readonly log: (message: string) => void
}

/** What the module of a migration in code exports, one by one or together as its default export. */
export interface ScriptMigration {
  up(context: ScriptContext): void | Promise<void>
  /** How to undo it. */
  down?(context: ScriptContext): void | Promise<void>
  /** False to run on the bare session, outside a transaction. */
  readonly transaction?: boolean
  readonly priority?: Priority
  readonly requires?: readonly string[]
  readonly description?: string
}

/** Gives a migration in code its types: `export default defineMigration({ async up({ db, sql }) { … } })`. */
export function defineMigration(migration: ScriptMigration): ScriptMigration {
  return migration
}

import type { MetastoreError } from '../errors.ts'
import type { Action, KeyPath } from './actions/action.ts'

/** How bad it is when a migration is not in effect: P0 the application cannot start, P1 a part of it fails, P2 cosmetic. */
export type Priority = 'P0' | 'P1' | 'P2'

/** The formats that a migration file can have; `formats.ts` lists their extensions and readers. */
export type FormatName = 'sql' | 'script' | 'actions'

/** One migration as a file that has been found and hashed, not yet understood. */
export interface MigrationFile {
  /** The file name without its extension, or the name that the file gives itself; unique in a project. */
  readonly name: string
  /** The file name without its extension, by which it is ordered, where the file gives itself another name. */
  readonly stem?: string | undefined
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
  /** Extensions without which it waits: a server that does not have them goes on without it. */
  readonly extensions?: readonly string[]
  /** The text and path of the down file, where the migration is a pair of files. */
  readonly down?: { readonly path: string; readonly source: string } | undefined
  /**
   * SHA-256 over the text with line ends normalised to a line feed, in lower-case hexadecimal. A pair's is over both texts, a
   * file's of actions over what it says, however it is written.
   */
  readonly checksum: string
  /** What a key that the format does not know is: an error (the default), or a warning and otherwise ignored. */
  readonly unknownKeys?: UnknownKeys | undefined
}

/** How strictly files of actions are read. */
export type UnknownKeys = 'error' | 'warn'

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
  /** What its file says that does nothing, told but not refused. */
  readonly warnings?: readonly MetastoreError[] | undefined
}

/** One direction of a migration. */
export type Part = SqlPart | ScriptPart | ActionsPart

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

/** A migration written as actions, of which old and new version of an application see different sides until it is complete. */
export interface ActionsPart {
  readonly kind: 'actions'
  readonly path: string
  /** The file's whole text, to turn offsets into lines. */
  readonly source: string
  readonly actions: readonly Action[]
  /** Where in `source` the value is that some keys lead to, or the nearest one around it; in UTF-16 code units. */
  readonly locate: (path: KeyPath) => number
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

import type { Database, Session } from '../database/database.ts'
import type { Progress } from '../progress.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { StepDiff } from './staging/diff.ts'
import type { SeedCounts } from './history.ts'
import type { SeedReaders } from './load-seed.ts'
import type { SeedFile } from './format/seed-file.ts'
import type { SeedMode } from './format/seed-document.ts'
import type { SeedSecrets } from './world.ts'

/** What seeding works on and with. */
export interface SeedOptions {
  readonly database: Pick<Database, 'dialect' | 'features' | 'address'>
  /** A session that does nothing else meanwhile. */
  readonly session: Session
  /** The schema of tables that are named without one. */
  readonly baseSchema: string
  readonly stateSchema: string
  /** What the set is called in the history. */
  readonly set: string
  readonly files: readonly SeedFile[]
  /** What the database is for, as `dev`; null where nobody has said. */
  readonly environment: string | null
  /** The value of an environment variable. */
  readonly variable: (name: string) => string | undefined
  readonly secrets: SeedSecrets | null
  readonly readers: SeedReaders
  /** The migration that the database is at; another one than last time has files looked at again. */
  readonly position: string | null
  /** Who is recorded in the history. */
  readonly actor: string
  /** Look at files again that were applied as they are. */
  readonly force?: boolean | undefined
  readonly progress?: Progress | undefined
  readonly telemetry?: Telemetry | undefined
  readonly signal?: AbortSignal | undefined
  /** Called when a file is committed. */
  readonly onFile?: ((file: FileResult) => void) | undefined
  /** Asked before anything is written when rows would be removed; it throws to say no. */
  readonly onRemovals?: ((removals: readonly Removal[]) => Promise<void>) | undefined
}

/** Rows that a sync removes. */
export interface Removal {
  readonly file: string
  readonly table: string
  readonly rows: number
}

/** What a step of a data file does, or did, to its table. */
export interface StepResult extends StepDiff {
  readonly table: string
  readonly mode: SeedMode
}

/** What became of a statement of an SQL seed. */
export interface StatementResult {
  /** `file:line:column`. */
  readonly where: string
  readonly text: string
  readonly rows: number
}

/** What becomes, or became, of a file: `unchanged` was applied as it is before, `skipped` is for another environment. */
export interface FileResult {
  readonly file: string
  readonly state: 'unchanged' | 'skipped' | 'pending' | 'applied'
  readonly steps: readonly StepResult[]
  readonly statements: readonly StatementResult[]
  readonly counts: SeedCounts
  readonly durationMs: number
}

/** What was found of something that a set expects. */
export interface ExpectationResult {
  readonly name: string
  /** `file:line:column`. */
  readonly where: string
  readonly ok: boolean
  readonly expected: string
  readonly found: string
}

/** What seeding comes, or came, to. */
export interface SeedResult {
  readonly set: string
  readonly files: readonly FileResult[]
  readonly expectations: readonly ExpectationResult[]
}

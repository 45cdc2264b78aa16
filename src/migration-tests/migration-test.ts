import type { MetastoreError } from '../errors.ts'

/** One file of tests, read and understood. */
export type MigrationTest = SqlTest | ScriptTest

interface TestBase {
  /** What it is called: its `-- test:` line, or the name of its file. */
  readonly title: string
  /** The file as people see it. */
  readonly path: string
  /** How many migrations are applied when it begins. */
  readonly begins: number
  /** The migration that `migrate` applies where nothing else is said; null for a test of one state. */
  readonly subject: string | null
}

/** A test written as SQL. */
export interface SqlTest extends TestBase {
  readonly kind: 'sql'
  readonly source: string
  readonly items: readonly TestItem[]
}

/** A test written as code. */
export interface ScriptTest extends TestBase {
  readonly kind: 'script'
  readonly run: (context: TestContext) => unknown
}

/** One thing that a test in SQL does, in its order. */
export type TestItem =
  | {
      readonly kind: 'statement'
      readonly text: string
      readonly offset: number
      readonly expected: Expectation | null
    }
  | { readonly kind: 'migrate'; readonly to: string | null; readonly offset: number }
  | { readonly kind: 'rollback'; readonly offset: number }

/** What a statement has to come to. */
export type Expectation =
  { readonly kind: 'error'; readonly code: string } | { readonly kind: 'rows'; readonly count: number }

/** What a test in code is given. */
export interface TestContext {
  readonly db: import('../database/database.ts').Session
  readonly sql: typeof import('../database/database.ts').sql
  readonly id: typeof import('../database/database.ts').id
  /** Applies migrations up to this one; up to the one that the test is about where none is named. */
  migrate(to?: string): Promise<void>
  /** Takes back the newest migration that is applied. */
  rollback(): Promise<void>
}

/** What came of a test. */
export interface TestOutcome {
  readonly title: string
  readonly path: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly durationMs: number
  /** Why it failed or was skipped; null when it passed. */
  readonly message: string | null
  /** `file:line:column` of what failed, where that is known. */
  readonly where: string | null
}

/** An outcome of what was thrown. */
export function failureOf(
  { title, path }: Pick<TestOutcome, 'title' | 'path'>,
  error: Pick<MetastoreError, 'message'> & { readonly where?: string | undefined },
  durationMs: number,
): TestOutcome {
  return { title, path, outcome: 'failed', durationMs, message: error.message, where: error.where ?? null }
}

import { readPosition, type Engine } from './engine.ts'
import { readJournal, type JournalEntry } from './journal.ts'
import type { MigrationFile } from './migration.ts'
import { compareWithHistory, describeDiscrepancy, type Allowances, type Discrepancy } from './pending.ts'

/** Where a database stands against its files. */
export interface DatabaseStatus {
  /** `idle` when nothing is going on, `applying` when a migration outside a transaction was begun and is not finished. */
  readonly state: 'idle' | 'applying'
  /** Whether metastore has ever migrated this database. */
  readonly managed: boolean
  /** The newest migration in effect; null when there is none. */
  readonly current: string | null
  /** The newest migration there is a file of; null when there is none. */
  readonly head: string | null
  readonly applied: readonly string[]
  readonly pending: readonly string[]
  readonly discrepancies: readonly (Discrepancy & { readonly message: string; readonly remedy: string })[]
  /** Steps that were begun outside a transaction and wait to go on. */
  readonly interrupted: readonly JournalEntry[]
  /** Whether nothing is pending, interrupted or in disagreement. */
  readonly atHead: boolean
}

/** Looks at where a database stands; three reads, nothing is written. */
export async function readStatus(
  engine: Pick<Engine, 'session' | 'bookkeeping'>,
  files: readonly MigrationFile[],
  allow: Allowances = {},
): Promise<DatabaseStatus> {
  const { state, applied } = await readPosition(engine)
  const journal = state.layout === null ? [] : await readJournal(engine.session, engine.bookkeeping)
  const { pending, discrepancies, newest } = compareWithHistory(files, applied, allow)
  return {
    state: journal.length > 0 ? 'applying' : 'idle',
    managed: state.layout !== null,
    current: applied.at(-1)?.name ?? null,
    head: files.at(-1)?.name ?? null,
    applied: applied.map(({ name }) => name),
    pending: pending.map(({ name }) => name),
    discrepancies: discrepancies.map((discrepancy) => {
      const { message, remedy } = describeDiscrepancy(discrepancy, newest)
      return { ...discrepancy, message, remedy }
    }),
    interrupted: journal,
    atHead: pending.length === 0 && discrepancies.length === 0 && journal.length === 0,
  }
}

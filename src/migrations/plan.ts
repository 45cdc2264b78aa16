import type { Database } from '../database/database.ts'
import { bookkeepingScript, type BookkeepingState, type Bookkeeping } from './bookkeeping.ts'
import { compilePart } from './compile.ts'
import type { Direction } from './journal.ts'
import type { Migration } from './migration.ts'
import type { Step } from './step.ts'

/** One step as a plan shows it. */
export interface PlannedStep {
  readonly kind: Step['kind']
  readonly label: string
  /** The SQL that would run; null for a step that is code. */
  readonly sql: string | null
}

/** One migration as a plan shows it. */
export interface PlannedMigration {
  readonly name: string
  readonly path: string
  readonly direction: Direction
  /** Whether all of it takes effect as one transaction. */
  readonly atomic: boolean
  readonly steps: readonly PlannedStep[]
}

/** What a run would do, with every statement of the migrations as it would be sent. */
export interface Plan {
  /** The statements that create the bookkeeping, on a database that was never managed. */
  readonly bookkeeping: readonly string[]
  readonly migrations: readonly PlannedMigration[]
}

/** Compiles migrations and shows what would run; nothing is executed. */
export async function planRun(
  database: Pick<Database, 'dialect'>,
  bookkeeping: Bookkeeping,
  state: BookkeepingState,
  migrations: readonly Migration[],
  direction: Direction,
): Promise<Plan> {
  return {
    bookkeeping: state.layout === null ? bookkeepingScript(database, bookkeeping) : [],
    migrations: await Promise.all(
      migrations.map(async (migration) => {
        const part = direction === 'up' ? migration.up : migration.down
        const { steps, atomic } = part ? await compilePart(part, database.dialect) : { steps: [], atomic: true }
        return {
          name: migration.name,
          path: migration.file.path,
          direction,
          atomic,
          steps: steps.map((step) => ({
            kind: step.kind,
            label: step.label,
            sql: step.kind === 'code' ? null : step.sql.text.trim(),
          })),
        }
      }),
    ),
  }
}

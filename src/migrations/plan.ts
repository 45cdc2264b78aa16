import { bookkeepingScript, type BookkeepingState } from './bookkeeping.ts'
import { compilePart } from './compile.ts'
import type { Engine } from './engine.ts'
import { readJournal, type Direction } from './journal.ts'
import type { Migration } from './migration.ts'
import type { StartOptions } from './phases/phase-options.ts'
import { partsOfRun } from './phases/parts.ts'
import type { PlannedMigration } from './planned.ts'
import { namesOf } from './stored-batch.ts'
import type { RollbackPart } from './rollback/parts.ts'
import type { WholeMigration } from './run.ts'
import type { Step } from './step.ts'

export type { PlannedMigration, PlannedStep } from './planned.ts'

/** What a run would do, with every statement of the migrations as it would be sent. */
export interface Plan {
  /** The statements that create the bookkeeping, on a database that was never managed. */
  readonly bookkeeping: readonly string[]
  readonly migrations: readonly PlannedMigration[]
}

/** Compiles migrations against the database as it is and shows what would run; nothing is executed. */
export async function planRun(
  engine: Pick<Engine, 'database' | 'session' | 'bookkeeping'>,
  state: BookkeepingState,
  migrations: readonly Migration[],
  options: Pick<StartOptions, 'base' | 'batch' | 'oneByOne'> = {},
): Promise<Plan> {
  const planned: PlannedMigration[] = []
  const { batch } = state
  if (batch !== null) {
    const { planStanding } = await import('./phases/plan-batch.ts')
    planned.push(await planStanding(engine, batch))
  }
  const left = migrations.filter(({ name }) => batch === null || !namesOf(batch).includes(name))
  for (const part of partsOfRun(left, options.oneByOne)) {
    if (part.kind === 'whole') planned.push(await planWhole(part.migration, 'up', engine))
    else {
      const { planBatch } = await import('./phases/plan-batch.ts')
      planned.push(await planBatch(engine, state, part.migrations, { ...options, first: planned.length === 0 }))
    }
  }
  const { database, bookkeeping } = engine
  return { bookkeeping: state.layout === null ? bookkeepingScript(database, bookkeeping) : [], migrations: planned }
}

/** The same for what takes migrations back. */
export async function planRollback(
  engine: Pick<Engine, 'database' | 'session' | 'bookkeeping'>,
  state: BookkeepingState,
  parts: readonly RollbackPart[],
  options: Pick<StartOptions, 'batch'> = {},
): Promise<Plan> {
  const planned: PlannedMigration[] = []
  for (const part of parts) {
    if (part.kind === 'whole') planned.push(await planWhole(part.migration, 'down', engine))
    else {
      const { planBatch } = await import('./phases/plan-batch.ts')
      const { migration, target, base, rollback } = part
      const batch = { ...options.batch, lenient: true }
      const first = planned.length === 0
      planned.push(
        await planBatch(engine, state, [migration], { batch, base, first, target, rollback, direction: 'down' }),
      )
    }
  }
  return { bookkeeping: [], migrations: planned }
}

async function planWhole(
  migration: WholeMigration,
  direction: Direction,
  engine: Pick<Engine, 'database' | 'session' | 'bookkeeping'>,
): Promise<PlannedMigration> {
  const part = direction === 'up' ? migration.up : migration.down
  const { steps: all, atomic } = part ? await compilePart(part, engine.database.dialect) : { steps: [], atomic: true }
  const done = atomic ? new Set<string>() : await stepsDone(migration.name, direction, engine)
  const steps = all.filter(({ kind, key }) => kind === 'setting' || !done.has(key))
  const left = all.length - steps.length
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
    ...(left > 0 && {
      remark: `It was begun before: ${left === 1 ? 'one statement is' : `${left} statements are`} done already and left out.`,
    }),
  }
}

// What an earlier run did and noted is not done again.
async function stepsDone(
  migration: string,
  direction: Direction,
  { session, bookkeeping }: Pick<Engine, 'session' | 'bookkeeping'>,
): Promise<ReadonlySet<Step['key']>> {
  const journal = await readJournal(session, bookkeeping)
  return new Set(
    journal
      .filter((entry) => entry.migration === migration && entry.direction === direction && entry.status === 'done')
      .map(({ step }) => step),
  )
}

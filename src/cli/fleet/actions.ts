import { readStatus } from '../../migrations/migrations.ts'
import { abortDatabase } from '../commands/abort.ts'
import { completeDatabase } from '../commands/complete.ts'
import { migrateDatabase } from '../commands/migrate.ts'
import { rollbackDatabase } from '../commands/rollback.ts'
import { startDatabase } from '../commands/start.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { countAsSteps } from '../destination.ts'
import type { DatabaseAnswer } from '../each-database.ts'
import { flag, type Input } from '../input.ts'
import { count } from '../ui/tables.ts'

/** One thing that can be done with every member of a fleet. */
export interface FleetAction {
  /** Whether it only looks. */
  readonly reads?: boolean
  run(entry: DatabaseEntry, input: Input, context: Context, destination: string | undefined): Promise<DatabaseAnswer>
  /** What it came to, in a few words, by the document of its answer. */
  describe(document: Readonly<Record<string, unknown>>): string
}

const size = (list: unknown) => (Array.isArray(list) ? list.length : 0)
const at = (current: unknown) => (typeof current === 'string' ? `at ${current}` : 'without migrations')

/** Everything that can be done with a fleet, by its name. */
export const fleetActions: Readonly<Record<string, FleetAction>> = {
  status: {
    reads: true,
    run: statusOf,
    describe: ({ current, pending, state }) => {
      const rest = size(pending) === 0 ? '' : `, ${size(pending)} pending`
      return `${at(current)}${rest}${state === 'idle' ? '' : `, ${String(state).replace('_', ' ')}`}`
    },
  },
  migrate: {
    run: migrateDatabase,
    describe: ({ applied, current }) =>
      size(applied) === 0
        ? `nothing to apply, ${at(current)}`
        : `${count(size(applied), 'migration')} applied, ${at(current)}`,
  },
  start: {
    run: startDatabase,
    describe: ({ applied, inProgress }) =>
      size(inProgress) > 0
        ? `${(inProgress as string[]).join(', ')} in progress`
        : size(applied) === 0
          ? 'nothing to start'
          : `${count(size(applied), 'migration')} applied`,
  },
  complete: {
    run: (entry, input, context) => completeDatabase(entry, input, context),
    describe: ({ outcome, applied }) =>
      outcome === 'nothing' ? 'nothing in progress' : `${count(size(applied), 'migration')} complete`,
  },
  abort: {
    run: (entry, input, context) => abortDatabase(entry, input, context),
    describe: ({ outcome, migrations }) =>
      outcome === 'aborted' ? `${count(size(migrations), 'migration')} taken back` : 'nothing in progress',
  },
  rollback: {
    run: (entry, input, context, to) =>
      rollbackDatabase(entry, input, context, to === undefined ? undefined : countAsSteps(to)),
    describe: ({ rolledBack, current }) => `${count(size(rolledBack), 'migration')} rolled back, ${at(current)}`,
  },
}

async function statusOf(entry: DatabaseEntry, input: Input): Promise<DatabaseAnswer> {
  await using engine = await entry.engine({ command: 'status', reads: true })
  const { files } = await entry.migrationsOn(engine)
  const status = await readStatus(engine, files, { ahead: flag(input, 'allowAhead') })
  const { state, current, head, pending, inProgress, discrepancies, atHead } = status
  const clean = atHead || !flag(input, 'check')
  return {
    document: { address: entry.address(), state, current, head, pending, inProgress, discrepancies, atHead },
    clean,
  }
}

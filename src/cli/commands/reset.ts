import type { Transaction } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { withLockRetries } from '../../migrations/migrations.ts'
import { batchOptions } from '../batch-options.ts'
import { windowOption } from '../guard.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { flag, type Input } from '../input.ts'
import { checkConfirmed, planReset, rowsLost, rowsRefused, type ResetPlan } from '../seeding/reset-plan.ts'
import { seedingOptions } from '../seeding/seeding-options.ts'
import { count } from '../ui/tables.ts'
import { migrateDatabase } from './migrate.ts'
import { seedDatabase } from './seed.ts'

/** Takes a database back to what its migrations and seeds make. */
export const resetCommand = defineCommand({
  name: 'reset',
  summary: 'Take everything away and make it again by migrations and seeds, or only the rows of seeds',
  description:
    'Without --data everything in the schemas of the database is dropped, but for extensions and roles, then it is migrated and seeded. With --data the tables that seeds write to are emptied together with those that refer to them, then seeded. First migrations and seeds are tried on a throw-away database in memory: so nothing is taken away that cannot be made again, and rows that neither has made are found. Refused, with exit status 3, where there are such rows, where the database is marked as production, or where a batch is in progress, unless --confirm gives the name of the database. What goes, goes in one transaction. When it is interrupted, run it again: it begins anew.',
  examples: [
    ['metastore reset --dry-run', 'show what would go'],
    ['metastore reset --data', 'the rows of the seeds as they were at first'],
    ['metastore reset --database assistant --confirm assistant', 'drop and rebuild, whatever it holds'],
  ],
  scope: 'databases',
  options: [
    { flags: '--data', description: 'empty the tables that seeds write to, and seed them; the schema stays' },
    {
      flags: '--confirm <name>',
      description: 'the name of the database that may lose everything; may be repeated',
      repeats: true,
    },
    { flags: '--dry-run', description: 'only show what would go' },
    ...seedingOptions,
    ...batchOptions,
    windowOption,
  ],
  json: 'databases[]: database, address, name, goes[], lost[] (table, rows), refused (why, or null; with --dry-run), migrate, seed (as of these commands; without --dry-run)',

  async run(input, context) {
    await checkConfirmed(input, context)
    // Of several databases none is touched when one of them refuses.
    const plans = new Map<string, ResetPlan>()
    for (const entry of await context.databases()) {
      const plan = await planReset(entry, input, context)
      if (plan.refusal !== undefined && !flag(input, 'dryRun')) throw plan.refusal
      plans.set(entry.settings.name, plan)
    }
    return eachDatabase(context, async (entry) => {
      const plan = plans.get(entry.settings.name)
      if (plan === undefined) throw new RangeError(`No reset is planned for ${entry.settings.name}.`)
      return flag(input, 'dryRun') ? show(entry, plan, context) : reset(entry, plan, input, context)
    })
  },
})

function show(entry: DatabaseEntry, { name, goes, lost, refusal }: ResetPlan, { output }: Context): DatabaseAnswer {
  output.line(`Resetting ${entry.address()} would begin with this:`)
  for (const what of goes) output.line(`  ${what}`)
  if (goes.length === 0) output.line('  nothing to take away')
  for (const { table, rows } of lost)
    output.line(`  ${output.paint.bad('lost for good')}  ${table}: ${count(rows, 'row')}`)
  if (refusal !== undefined) output.line(`Refused without --confirm ${name}: ${refusal.message}`)
  return { document: { address: entry.address(), name, goes, lost, refused: refusal?.message ?? null } }
}

async function reset(entry: DatabaseEntry, plan: ResetPlan, input: Input, context: Context): Promise<DatabaseAnswer> {
  const { output } = context
  const { name, goes, lost, truncation } = plan
  const guarded = entry.settings.environment === 'production' && !plan.confirmed
  const what =
    truncation === null ? 'Everything in it is dropped and made again' : `${count(goes.length, 'table')} are emptied`
  if (!(await context.confirm(`Reset ${entry.address()}? ${what}.`, { guarded }))) {
    output.say('Nothing was changed.')
    return { document: { address: entry.address(), name, goes: [], lost: [] } }
  }
  await takeAway(entry, plan)
  output.say(
    truncation === null
      ? `Dropped everything in ${entry.address()}: ${count(goes.length, 'statement')}.`
      : `Emptied ${count(goes.length, 'table')} of ${entry.address()}: ${truncation.tables.map((table) => table.name).join(', ')}.`,
  )
  const document: Record<string, unknown> = { address: entry.address(), name, goes, lost }
  const steps = [
    ...(truncation === null ? [['migrate', () => migrateDatabase(entry, input, context, undefined)] as const] : []),
    ['seed', () => seedDatabase(entry, input, context)] as const,
  ]
  for (const [step, work] of steps) {
    const answer = await work().catch(failed)
    document[step] = answer.document
    if (answer.failure === undefined) continue
    output.note(
      `Stopped at ${step}, after everything was taken away. Run the same command again, or go on with metastore setup.`,
    )
    return { document, failure: answer.failure }
  }
  return { document }
}

function failed(failure: unknown): DatabaseAnswer {
  if (failure instanceof MetastoreError) return { document: {}, failure }
  throw failure
}

async function takeAway(entry: DatabaseEntry, plan: ResetPlan): Promise<void> {
  const { deleteRows, dropEverything } = await import('../../reset/reset.ts')
  const { stateSchema, lockTimeout } = entry.settings
  await using engine = await entry.engine({ command: 'reset', changes: 'in the window' })
  const { dialect } = engine.database
  const { truncation, confirmed } = plan
  const work = async (tx: Transaction) => {
    if (truncation !== null) return deleteRows(tx, { dialect, stateSchema }, truncation)
    await dropEverything(tx, dialect)
  }
  await engine.locked(
    async (run) => {
      // Somebody may have written since it was planned.
      const lost = confirmed ? [] : await rowsLost(engine, entry, plan)
      if (lost.length > 0) throw rowsRefused(plan.name, lost)
      await withLockRetries(run, () => run.session.transaction(work, { resetSession: true, lockTimeout }))
    },
    { batches: confirmed && truncation === null },
  )
}

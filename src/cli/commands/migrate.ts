import { MetastoreError } from '../../errors.ts'
import { migrate, type MigrateOptions, type MigrationRun } from '../../migrations/migrations.ts'
import { batchOptions, phaseOptions } from '../batch-options.ts'
import { defineCommand } from '../command.ts'
import { argument, text, type Input } from '../input.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { destination, allowances, allowanceOptions, interruptedOption } from '../destination.ts'
import { hazardGate, productionOptions } from '../production.ts'
import { planOption, savedPlan } from '../saved-plan.ts'
import { count, duration } from '../ui/tables.ts'
import { describeWaiting } from '../ui/waiting.ts'

/** Applies pending migrations. */
export const migrateCommand = defineCommand({
  name: 'migrate',
  summary: 'Bring the database to its newest state, or to the migration that is named',
  description:
    'Applies the pending migrations in order, each exactly once however many processes run at the same time; those in actions are started and completed in one go. When it is interrupted, run it again: it goes on where it stopped. With nothing pending it reads, and neither writes nor locks. What metastore start has left in progress has to be completed or aborted first.',
  examples: [
    ['metastore migrate', 'apply everything that is pending, to every database of metastore.toml'],
    ['metastore migrate 003 --database assistant', 'go as far as migration 003_…'],
    ['metastore migrate +1', 'apply the next one only'],
    ['metastore migrate --plan plan.json', 'apply what metastore plan --out plan.json has saved, or nothing'],
    ['metastore migrate --url postgres://localhost/app --wait 60s', 'wait for a server that is starting'],
  ],
  scope: 'databases',
  arguments: [{ name: '[destination]', description: 'head (the default), a migration, or +N for the next N' }],
  options: [planOption, ...batchOptions, ...allowanceOptions, interruptedOption, ...productionOptions],
  json: 'databases[]: database, address, applied[] (name, durationMs), pending[] (names), waiting[] (name, path, extensions[]), current (name or null); of the database that failed without pending and current',

  run: (input, context) => eachDatabase(context, (entry) => migrateDatabase(entry, input, context, argument(input, 0))),
})

/** Migrates one database and says so as it goes; `upgrade` is the same under its other name. */
export async function migrateDatabase(
  entry: DatabaseEntry,
  input: Input,
  context: Context,
  to: string | undefined,
): Promise<DatabaseAnswer> {
  const { output } = context
  const plan = await savedPlan(input, context, to)
  await entry.files()
  await using engine = await entry.engine({
    command: 'migrate',
    interrupted: interruptedPolicy(input),
    changes: 'in the window',
  })
  const { files, waiting } = await entry.migrationsOn(engine)
  const applied: MigrationRun[] = []
  const extent = {
    ...(to !== undefined && { to: destination(to, files) }),
    allow: allowances(input, files),
    ...(plan && { to: plan.to, allow: plan.allow }),
  }
  const approvePlan = plan?.approve(engine, files, entry.address())
  const passHazards = hazardGate(entry, engine, files, extent, { input, context })
  const options: MigrateOptions = {
    ...phaseOptions(entry, input, context),
    onWarning: (message) => output.note(`Warning: ${message}`),
    ...extent,
    ...(plan && { base: plan.base, batch: plan.batch }),
    approve: async (position) => {
      await approvePlan?.(position)
      await passHazards(position)
    },
    onBegin: (_migration, { index, total }) => {
      if (index === 0) output.say(`Migrating ${entry.address()}: ${count(total, 'migration')} to apply`)
    },
    onApplied: (run) => {
      applied.push(run)
      output.say(`  ${output.paint.good('applied')} ${run.name}  ${output.paint.faint(duration(run.durationMs))}`)
    },
  }
  try {
    const result = await migrate(engine, files, options)
    for (const migration of waiting) output.say(describeWaiting(migration))
    output.say(conclusion(entry, result.current, applied.length, result.pending.length))
    return { document: { address: entry.address(), ...result, waiting } }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (applied.length > 0) output.note(`Kept: ${count(applied.length, 'migration')} applied before the failure.`)
    return { document: { address: entry.address(), applied }, failure: error }
  }
}

function conclusion(entry: DatabaseEntry, current: string | null, applied: number, pending: number): string {
  const at = current === null ? 'it has no migrations' : `it is at ${current}`
  const rest = pending > 0 ? `; ${count(pending, 'migration')} still pending` : ''
  if (applied > 0) return `Done: ${count(applied, 'migration')} applied, ${at}${rest}.`
  return `Nothing to apply to ${entry.address()}: ${at}${rest}.`
}

function interruptedPolicy(input: Input): 'ask' | 'rerun' | 'skip' {
  const policy = text(input, 'interrupted') ?? 'ask'
  if (policy === 'ask' || policy === 'rerun' || policy === 'skip') return policy
  throw new MetastoreError({
    code: 'usage',
    message: `--interrupted cannot be ${JSON.stringify(policy)}.`,
    remedy: 'Use --interrupted rerun, or --interrupted skip, or leave it out.',
  })
}

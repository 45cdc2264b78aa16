import { MetastoreError } from '../../errors.ts'
import {
  readStatus,
  resolveName,
  schemaQuery,
  startBatch,
  type Destination,
  type Engine,
  type MigrationFile,
  type StartResult,
} from '../../migrations/migrations.ts'
import { batchOptions, phaseOptions } from '../batch-options.ts'
import { defineCommand, type OptionDefinition } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { allowanceOptions, allowances, destination } from '../destination.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { argument, flag, text, type Input } from '../input.ts'
import type { Output } from '../output.ts'
import { hazardGate, productionOptions } from '../production.ts'
import { planOption, savedPlan } from '../saved-plan.ts'
import { count, duration } from '../ui/tables.ts'
import { describeWaiting } from '../ui/waiting.ts'

/** The options of a start, whatever the command is called. */
export const startOptions: readonly OptionDefinition[] = [
  { flags: '-c, --complete', description: 'complete right after starting, and what was in progress before' },
  { flags: '--migration <name>', description: 'go as far as this migration' },
  {
    flags: '--one-by-one',
    description: 'start and complete one migration after another; the last one stays in progress',
  },
  { flags: '--expect-one', description: 'refuse when more than one migration is pending' },
  planOption,
  ...batchOptions,
  ...allowanceOptions,
  ...productionOptions,
]

/** Makes the new version of the schema usable beside the old one. */
export const startCommand = defineCommand({
  name: 'start',
  summary: 'Make the schema of the new version usable beside the old one, and keep both in step',
  description:
    'Takes the pending migrations as one batch. The old version of the application goes on undisturbed; the new one uses the version schema that is printed. End it with metastore complete or metastore abort. When it is interrupted, run it again: it goes on where it stopped. When a step fails for good, everything is taken back by itself. Another process is not waited for, unless --lock-wait says how long.',
  examples: [
    ['metastore start', 'start everything that is pending'],
    ['metastore start 004 --database assistant', 'go as far as migration 004_…'],
    ['metastore start --batch-size 500 --throttle 0.5', 'spare a busy database'],
    ['metastore start --complete', 'start and complete in one go, where nobody uses the old version'],
  ],
  scope: 'databases',
  arguments: [{ name: '[destination]', description: 'head (the default), a migration, or +N for the next N' }],
  options: startOptions,
  json: 'databases[]: database, address, state, applied[] (name, durationMs), inProgress[] (names), newSchema, oldSchema (or null), schemaQuery (or null), waiting[] (name, path, extensions[]), warnings[]',

  run: (input, context) => eachDatabase(context, (entry) => startDatabase(entry, input, context, argument(input, 0))),
})

/** Starts a batch on one database and says so as it goes; `migration start` is the same under its other name. */
export async function startDatabase(
  entry: DatabaseEntry,
  input: Input,
  context: Context,
  given: string | undefined,
): Promise<DatabaseAnswer> {
  const { output } = context
  const plan = await savedPlan(input, context, given ?? text(input, 'migration'))
  const all = await entry.files()
  const to = chosen(input, given, all)
  const options = phaseOptions(entry, input, context)
  const allow = allowances(input, all)
  output.say(`Starting on ${entry.address()}`)
  await using engine = await entry.engine({ command: 'start', impatient: true, changes: 'in the window' })
  const { files, waiting } = await entry.migrationsOn(engine)
  for (const migration of waiting) output.say(describeWaiting(migration))
  if (flag(input, 'expectOne')) await assertOnePending(engine, files)
  const extent = { ...(to && { to }), allow, ...(plan && { to: plan.to, allow: plan.allow }) }
  const approvePlan = plan?.approve(engine, files, entry.address())
  const passHazards = hazardGate(entry, engine, files, extent, { input, context })
  const result = await startBatch(engine, files, {
    ...options,
    ...extent,
    complete: flag(input, 'complete'),
    oneByOne: flag(input, 'oneByOne'),
    ...(plan && { base: plan.base, batch: plan.batch }),
    approve: async (position) => {
      await approvePlan?.(position)
      await passHazards(position)
    },
  })
  const query = result.newSchema === null ? null : queryFor(result.newSchema)
  conclude(output, entry, result, query)
  return { document: { address: entry.address(), ...result, waiting, schemaQuery: query } }
}

function conclude(output: Output, entry: DatabaseEntry, result: StartResult, query: string | null): void {
  const { say, paint } = output
  for (const { name, durationMs } of result.applied) {
    say(`  ${paint.good('applied')} ${name}  ${paint.faint(duration(durationMs))}`)
  }
  const current = result.applied.at(-1)?.name
  if (result.inProgress.length === 0) {
    if (current === undefined) say(`Nothing to start on ${entry.address()}.`)
    else say(`Done: ${count(result.applied.length, 'migration')} applied, it is at ${current}.`)
    if (query !== null) say(`The application uses: ${query}`)
    return
  }
  say(`In progress: ${result.inProgress.join(', ')}.`)
  say(`  new version  ${query ?? ''}`)
  say(`  old version  ${result.oldSchema === null ? 'the tables themselves' : queryFor(result.oldSchema)}`)
  say('Next: deploy the new version, then metastore complete; or go back with metastore abort.')
}

function queryFor(schema: string): string {
  return schemaQuery(schema.replace(/^migration_/, '')).trim()
}

function chosen(input: Input, given: string | undefined, files: readonly MigrationFile[]): Destination | undefined {
  const named = text(input, 'migration')
  if (given !== undefined && named !== undefined) throw twoDestinations()
  if (given !== undefined) return destination(given, files)
  if (named === undefined) return undefined
  const names = files.map(({ name }) => name)
  return { kind: 'name', name: resolveName(named, names) }
}

async function assertOnePending(engine: Engine, files: readonly MigrationFile[]): Promise<void> {
  const { pending, inProgress } = await readStatus(engine, files)
  const waiting = pending.filter((name) => !inProgress.includes(name))
  if (waiting.length < 2) return
  throw new MetastoreError({
    code: 'several_pending',
    message: `${waiting.length} migrations are pending, and one was expected. Nothing was changed.`,
    where: waiting[0],
    remedy: 'Leave --expect-one out to start them as one batch, or say how far to go: metastore start +1.',
    details: waiting.slice(0, 10),
  })
}

function twoDestinations(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'start was given two destinations.',
    where: 'metastore start',
    remedy: 'Give either a destination or --migration NAME.',
  })
}

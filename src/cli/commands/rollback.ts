import { MetastoreError } from '../../errors.ts'
import { rollback, selectRollback, type MigrationRun } from '../../migrations/migrations.ts'
import { batchOptions, phaseOptions } from '../batch-options.ts'
import { defineCommand, type OptionDefinition } from '../command.ts'
import { argument, flag, text, type Input } from '../input.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { countAsSteps, destination, uniteNames } from '../destination.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { assertLossConfirmed } from '../production.ts'
import { count, duration } from '../ui/tables.ts'

/** The options of a rollback, whatever the command is called. */
export const rollbackOptions: readonly OptionDefinition[] = [
  { flags: '--allow-data-loss', description: 'go on where data is lost, which is refused with its counts otherwise' },
  {
    flags: '--confirm <name>',
    description: 'with --allow-data-loss: the name of a production database that may lose data; may be repeated',
    repeats: true,
  },
  ...batchOptions,
]

/** Takes back applied migrations by their down parts. */
export const rollbackCommand = defineCommand({
  name: 'rollback',
  summary: 'Take back the newest migration, the newest N, or everything after one',
  description:
    'Runs the down parts, the newest first; what undoes a migration of actions is derived from it, and is started and completed without downtime. All of them are looked at before the first one runs: when one cannot go back, or rows would be lost, nothing is changed. A migration whose file is gone goes back by the text in the history. When it is interrupted, run it again.',
  examples: [
    ['metastore rollback', 'take back the newest migration'],
    ['metastore rollback 3', 'take back the newest three (-3 means the same)'],
    ['metastore rollback --to 002_chat', 'take back everything after 002_chat, which stays'],
    ['metastore rollback base', 'take back everything'],
    ['metastore rollback --allow-data-loss', 'take back the newest migration, with the rows that only it has'],
  ],
  scope: 'databases',
  arguments: [{ name: '[destination]', description: 'how many (1), or base for all' }],
  options: [{ flags: '--to <name>', description: 'take back everything after this migration' }, ...rollbackOptions],
  json: 'databases[]: database, address, rolledBack[] (name, durationMs), current (name or null); of the database that failed without current',

  run(input, context) {
    const given = argument(input, 0)
    const to = text(input, 'to')
    if (given !== undefined && to !== undefined) throw twoDestinations()
    return eachDatabase(context, (entry) =>
      rollbackDatabase(entry, input, context, to ?? (given === undefined ? undefined : countAsSteps(given))),
    )
  },
})

/** Rolls one database back and says so as it goes; `downgrade` is the same under its other name. */
export async function rollbackDatabase(
  entry: DatabaseEntry,
  input: Input,
  context: Context,
  to: string | undefined,
): Promise<DatabaseAnswer> {
  const { output, confirm } = context
  if (flag(input, 'allowDataLoss')) assertLossConfirmed(entry, input)
  const files = await entry.files()
  await using engine = await entry.engine({ command: 'rollback', changes: 'at any time' })
  const rolledBack: MigrationRun[] = []
  const position = await engine.look()
  const target = to === undefined ? undefined : destination(to, uniteNames(files, position.applied))
  const names = selectRollback(position, target)
  const guarded = entry.settings.environment === 'production'
  const asks = names.length > 1 || (guarded && names.length > 0)
  const question = `Roll back ${count(names.length, 'migration')} on ${entry.address()}?`
  if (asks && !(await confirm(question, { guarded }))) {
    output.say('Nothing was changed.')
    return { document: { address: entry.address(), rolledBack: [], current: names[0] ?? null } }
  }
  const phase = phaseOptions(entry, input, context)
  let begun = false
  const begin = () => {
    if (!begun) output.say(`Rolling back ${entry.address()}`)
    begun = true
  }
  try {
    const result = await rollback(engine, files, {
      ...phase,
      ...(target && { to: target }),
      allowDataLoss: flag(input, 'allowDataLoss'),
      onWarning: (message) => output.note(`Warning: ${message}`),
      onBegin: begin,
      onStep: (step) => {
        begin()
        phase.onStep?.(step)
      },
      onRolledBack: (run) => {
        rolledBack.push(run)
        output.say(`  ${output.paint.warn('rolled back')} ${run.name}  ${output.paint.faint(duration(run.durationMs))}`)
      },
    })
    const at = result.current === null ? 'it has no migrations' : `it is at ${result.current}`
    output.say(
      rolledBack.length === 0
        ? `Nothing to roll back on ${entry.address()}: ${at}.`
        : `Done: ${count(rolledBack.length, 'migration')} rolled back, ${at}.`,
    )
    return { document: { address: entry.address(), ...result } }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (rolledBack.length > 0) {
      output.note(`Kept: ${count(rolledBack.length, 'migration')} rolled back before the failure.`)
    }
    return { document: { address: entry.address(), rolledBack }, failure: error }
  }
}

function twoDestinations(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'rollback was given two destinations.',
    where: 'metastore rollback',
    remedy: 'Give either a number or base, or a migration with --to NAME.',
  })
}

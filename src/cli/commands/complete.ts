import { completeBatch } from '../../migrations/migrations.ts'
import { phaseOptions } from '../batch-options.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { windowOption } from '../guard.ts'
import type { Input } from '../input.ts'
import { count, duration } from '../ui/tables.ts'

/** Takes the old version of the schema away. */
export const completeCommand = defineCommand({
  name: 'complete',
  summary: 'Take the old version of the schema away, once nothing uses it any more',
  description:
    'What may fail, such as checking constraints, is done first, while both versions live: a failure there changes nothing, and an abort stays possible. Then the old version goes, and there is no way back but a rollback. When it is interrupted, run it again. With nothing in progress it does nothing. Another process is not waited for, unless --lock-wait says how long.',
  examples: [
    ['metastore complete', 'end what metastore start began'],
    ['metastore complete --database assistant --lock-deadline 30m', 'give a busy database more time'],
  ],
  scope: 'databases',
  options: [windowOption],
  json: 'databases[]: database, address, outcome (completed or nothing), applied[] (name, durationMs), rolledBack[] (the same, of a rollback that was interrupted), schema (name or null)',

  run: (input, context) => eachDatabase(context, (entry) => completeDatabase(entry, input, context)),
})

/** Completes what is in progress on one database; `migration complete` is the same under its other name. */
export async function completeDatabase(entry: DatabaseEntry, input: Input, context: Context): Promise<DatabaseAnswer> {
  const { say, paint } = context.output
  say(`Completing on ${entry.address()}`)
  await using engine = await entry.engine({ command: 'complete', impatient: true, changes: 'in the window' })
  const result = await completeBatch(engine, phaseOptions(entry, input, context))
  for (const { name, durationMs } of result.applied) {
    say(`  ${paint.good('applied')} ${name}  ${paint.faint(duration(durationMs))}`)
  }
  for (const { name, durationMs } of result.rolledBack ?? []) {
    say(`  ${paint.warn('rolled back')} ${name}  ${paint.faint(duration(durationMs))}`)
  }
  if (result.outcome === 'nothing') say('Nothing is in progress.')
  else {
    const schema = result.schema === null ? '' : ` The application uses ${result.schema}.`
    const done =
      result.rolledBack === undefined
        ? `${count(result.applied.length, 'migration')} complete`
        : `${count(result.rolledBack.length, 'migration')} rolled back`
    say(`Done: ${done}.${schema}`)
  }
  return { document: { address: entry.address(), ...result } }
}

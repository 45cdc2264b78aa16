import { abortBatch, type LossCount } from '../../migrations/migrations.ts'
import { phaseOptions } from '../batch-options.ts'
import { defineCommand, type OptionDefinition } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { text, type Input } from '../input.ts'
import { count } from '../ui/tables.ts'

/** The options of an abort, whatever the command is called. */
export const abortOptions: readonly OptionDefinition[] = [
  { flags: '--save-lost <table>', description: 'keep what only the new version has in a table of this name' },
  {
    flags: '--fill <sql>',
    description: 'SQL that gives the value of a column that the old version needs and finds null',
  },
]

/** Takes back what start made. */
export const abortCommand = defineCommand({
  name: 'abort',
  summary: 'Take back what start made: only the old version of the schema is left',
  description:
    'What the old version knows is kept, whoever wrote it. What only the new version has, such as values of a new column, is counted and shown first; on a terminal you are asked, and a database that is marked as production needs --yes where nobody can be asked. Possible until complete has taken the old version away. When it is interrupted, run it again. Another process is not waited for, unless --lock-wait says how long.',
  examples: [
    ['metastore abort', 'go back to the old version'],
    ['metastore abort --save-lost runs_lost', 'and keep what would be lost'],
    [`metastore abort --fill "'unknown'" --yes`, 'fill what the new version left empty, and ask nothing'],
  ],
  scope: 'databases',
  options: abortOptions,
  json: 'databases[]: database, address, outcome (aborted, nothing or kept), migrations[] (names), lost[] (what, rows), saved[] (tables)',

  run: (input, context) => eachDatabase(context, (entry) => abortDatabase(entry, input, context)),
})

/** Aborts what is in progress on one database; `migration abort` is the same under its other name. */
export async function abortDatabase(entry: DatabaseEntry, input: Input, context: Context): Promise<DatabaseAnswer> {
  const { say } = context.output
  const [saveLost, fill] = [text(input, 'saveLost'), text(input, 'fill')]
  say(`Aborting on ${entry.address()}`)
  await using engine = await entry.engine({ command: 'abort', impatient: true })
  const result = await abortBatch(engine, {
    ...phaseOptions(entry, input, context),
    ...(saveLost !== undefined && { saveLost }),
    ...(fill !== undefined && { fill }),
    confirm: (losses) => confirmLosses(losses, saveLost, entry, context),
  })
  for (const table of result.saved) say(`  saved in ${table}`)
  say(conclusion(result.outcome, result.migrations))
  return { document: { address: entry.address(), ...result } }
}

async function confirmLosses(
  losses: readonly LossCount[],
  saveLost: string | undefined,
  { settings, address }: DatabaseEntry,
  { output, confirm }: Context,
): Promise<boolean> {
  const lost = losses.filter(({ rows }) => rows > 0)
  for (const { what, rows } of lost) {
    output.say(
      `  ${output.paint.warn(saveLost === undefined ? 'will be lost' : 'will be saved')}  ${what}: ${count(rows, 'row')}`,
    )
  }
  const guarded = settings.environment === 'production'
  if (lost.length === 0 || saveLost !== undefined) return guarded ? confirm(question(address()), { guarded }) : true
  return confirm(question(address()), { guarded })
}

function question(address: string): string {
  return `Abort on ${address}?`
}

function conclusion(outcome: 'aborted' | 'nothing' | 'kept', migrations: readonly string[]): string {
  switch (outcome) {
    case 'nothing':
      return 'Nothing is in progress.'
    case 'kept':
      return 'Nothing was changed.'
    case 'aborted':
      return `Done: ${migrations.join(', ')} ${migrations.length === 1 ? 'is' : 'are'} taken back.`
  }
}

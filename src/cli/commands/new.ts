import { MetastoreError } from '../../errors.ts'
import { newMigration } from '../../migrations/new-migration.ts'
import { defineCommand } from '../command.ts'
import { list, text, type Input } from '../input.ts'
import type { Context } from '../context.ts'
import { exitStatus, type ExitStatus } from '../exit-status.ts'

/** Writes the file of a new migration, numbered after those there are. */
export const newCommand = defineCommand({
  name: 'new',
  summary: 'Write the file of a new migration',
  description:
    'The file is numbered the way the others are: 004 after 003, a time stamp where time stamps are used. A new project begins with time stamps, which do not collide when two branches add a migration.',
  examples: [
    ['metastore new add runs table', 'migrations/20260101120000_add_runs_table.sql'],
    ['metastore new backfill_titles --format ts', 'a migration written in TypeScript'],
    ['metastore new add cost --action add_column --action add_index', 'one in actions, with blanks to fill in'],
  ],
  scope: 'project',
  arguments: [{ name: '[name...]', description: 'what it does, in a few words; asked for on a terminal' }],
  options: [
    { flags: '--format <format>', description: 'sql (default), ts, js, or toml (default with --action) or json' },
    {
      flags: '--action <type>',
      description: 'an action that it begins with, such as add_column; may be repeated',
      repeats: true,
    },
  ],
  json: 'created (path)',
  async run(input, context) {
    const actions = list(input, 'action')
    const format = text(input, 'format') ?? (actions.length > 0 ? 'toml' : 'sql')
    return writeMigration(context, words(input) || (await askName(context)), format, actions)
  },
})

async function askName({ interactive, output, askText }: Context): Promise<string> {
  if (interactive && !output.options.json) return askText('What does the migration do?')
  throw new MetastoreError({
    code: 'usage',
    message: 'new needs to know what the migration does.',
    where: 'metastore new',
    remedy: 'Say it in a few words: metastore new add runs table.',
  })
}

/** Writes the file and says where; `revision` is the same under its other name. */
export async function writeMigration(
  context: Context,
  name: string,
  format: string,
  actions: readonly string[] = [],
): Promise<ExitStatus> {
  const entry = await context.oneDatabase()
  const path = await newMigration({
    name,
    format,
    actions,
    directory: entry.directories()[0],
    existing: await entry.files(),
    now: new Date(),
  })
  context.output.line(`Created ${path}`)
  context.output.document({ created: path })
  return exitStatus.done
}

function words(input: Input): string {
  const given = input.arguments[0]
  return typeof given === 'string' ? given : (given ?? []).join(' ')
}

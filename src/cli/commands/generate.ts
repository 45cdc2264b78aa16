import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { writeGenerated } from '../../migrations/new-migration.ts'
import { generate, type Generated } from '../../models/generate.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { exitStatus, type ExitStatus } from '../exit-status.ts'
import { flag, list, text, type Input } from '../input.ts'

/** Writes the migration that leads from what the migrations make to what a schema file says. */
export const generateCommand = defineCommand({
  name: 'generate',
  summary: 'Write the migration that leads from what the migrations make to what a schema file says',
  description:
    'Both are made on throw-away databases and compared; the live database is not asked. The file has the way back as well. A rename is never guessed: say --rename. What would lose data is refused without --allow-data-loss, and a change that no statement can make is named. Running it again finds nothing.',
  examples: [
    ['metastore generate --from schema.sql add costs', 'migrations/20260101120000_add_costs.sql'],
    ['metastore generate --from schema.sql --rename runs.state=status', 'a column that has another name now'],
  ],
  scope: 'project',
  arguments: [{ name: '[name...]', description: 'what it does, in a few words (default: schema)' }],
  options: [
    { flags: '--from <file>', description: 'the desired state: SQL that makes it on an empty database' },
    { flags: '--rename <old=new>', description: 'runs=jobs or runs.state=status; may be repeated', repeats: true },
    { flags: '--allow-data-loss', description: 'write what removes tables, columns or values, too' },
    { flags: '--shadow <url>', description: 'a server to compare on, in databases of their own' },
    { flags: '--dry-run', description: 'print the migration and write nothing' },
  ],
  json: 'created (path; null when there is nothing to do, or with --dry-run), up[], down[], losses[], unrendered[]',

  async run(input, context) {
    const entry = await context.oneDatabase()
    const schema = await readSchema(input, context)
    const { directory } = await context.project()
    const generated = await generate({
      files: await entry.files(),
      schema,
      renames: list(input, 'rename'),
      base: entry.settings.schema,
      shadow: {
        directory: path.join(directory, '.metastore', 'shadow', entry.settings.name),
        server: text(input, 'shadow'),
        stateSchema: entry.settings.stateSchema,
        signal: context.signal,
        progress: context.output.progress,
      },
    })
    if (!flag(input, 'allowDataLoss')) refuseLosses(generated, schema.path)
    const created =
      flag(input, 'dryRun') || generated.up.length === 0
        ? null
        : await writeGenerated({
            name: nameOf(input),
            directory: entry.directories()[0],
            existing: await entry.files(),
            now: new Date(),
            up: generated.up,
            down: generated.down,
          })
    return show(context, schema.path, generated, created, flag(input, 'dryRun'))
  },
})

function show(
  { output }: Context,
  from: string,
  generated: Generated,
  created: string | null,
  dry: boolean,
): ExitStatus {
  const { up, down, losses, unrendered } = generated
  if (up.length === 0 && unrendered.length === 0)
    output.line(`Nothing to generate: the migrations make what ${from} says.`)
  if (dry) for (const statement of up) output.line(`${statement};`)
  if (created !== null) output.line(`Created ${created}`)
  for (const sentence of unrendered) output.line(`${output.paint.warn('not written')}  ${sentence}`)
  output.document({ created, up, down, losses, unrendered })
  return unrendered.length === 0 ? exitStatus.done : exitStatus.notClean
}

function refuseLosses({ losses, possibleRenames }: Generated, from: string): void {
  if (losses.length === 0) return
  const renames = possibleRenames.map((rename) => `--rename ${rename}`)
  throw new MetastoreError({
    code: 'generate_loses_data',
    message: `What ${from} says can be reached only by losing data: ${losses.join(', ')}.`,
    where: from,
    details: renames.map((rename) => `If it has only got another name: ${rename}`),
    remedy:
      renames.length === 0
        ? 'Put it back into the schema file, or allow it with --allow-data-loss.'
        : `Say what was renamed (${renames.join(' ')}), or allow the loss with --allow-data-loss.`,
  })
}

async function readSchema(input: Input, { workingDirectory }: Context): Promise<{ path: string; text: string }> {
  const from = text(input, 'from')
  if (from === undefined) {
    throw new MetastoreError({
      code: 'usage',
      message: 'generate needs to know the desired state.',
      where: 'metastore generate',
      remedy: 'Name a file of SQL that makes it: metastore generate --from schema.sql.',
    })
  }
  try {
    return { path: from, text: await readFile(path.resolve(workingDirectory, from), 'utf8') }
  } catch (cause) {
    throw new MetastoreError({
      code: 'file_unreadable',
      message: `${from} cannot be read.`,
      where: from,
      remedy: 'Check the path and its permissions.',
      cause,
    })
  }
}

function nameOf(input: Input): string {
  const given = input.arguments[0]
  const name = typeof given === 'string' ? given : (given ?? []).join(' ')
  return name === '' ? 'schema' : name
}

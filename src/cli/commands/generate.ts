import { defineCommand } from '../command.ts'
import { generationOptions, runGeneration } from '../authoring/generation.ts'
import { text, type Input } from '../input.ts'

/** Writes the migration that leads from what the migrations make to what models or a schema file say. */
export const generateCommand = defineCommand({
  name: 'generate',
  summary: 'Write the migration that leads from what the migrations make to what models or a schema file say',
  description:
    'Both are made on throw-away databases and compared; the live database is not asked. The desired state is files of Drizzle models (the setting models, or --from) or one file of SQL. The file has the way back as well. A rename is never guessed: it is asked about on a terminal, and elsewhere said with --rename or --not-renamed. What would lose data is refused without --allow-data-loss, and a change that no statement can make is named. With --format toml the change is made of zero-downtime actions, which are tried out first; what no action can do is in a file of SQL beside them. Running it again finds nothing. generate types writes TypeScript types of the rows instead: of the migrations, or of the database that --url names.',
  examples: [
    ['metastore generate -m "add costs"', 'from the models to migrations/20260101120000_add_costs.sql'],
    ['metastore generate --from schema.sql --rename runs.state=status', 'a column that has another name now'],
    ['metastore generate types --out src/rows.ts', 'TypeScript types of the rows that the migrations make'],
    ['metastore generate --check', 'in CI: exit with 3 when models and migrations differ'],
  ],
  scope: 'project',
  arguments: [{ name: '[name...]', description: 'what it does, in a few words (default: schema)' }],
  options: [
    { flags: '-m, --message <text>', description: 'the same, as an option' },
    ...generationOptions,
    { flags: '--out <file>', description: 'generate types: the file to write (default: standard output)' },
    { flags: '--dates <form>', description: 'generate types: what timestamps and dates are, date (default) or text' },
  ],
  json: 'created (path; null when there is nothing to do, or with --dry-run), files[], up[], down[], losses[], unrendered[], notes[]; with --check differences[]; for generate types: types, or out, with --check upToDate',
  async run(input, context) {
    const words = nameOf(input)
    if (words !== 'types' || text(input, 'message') !== undefined) return runGeneration(input, context, words)
    const { generateTypes } = await import('../authoring/row-types.ts')
    return generateTypes(input, context)
  },
})

function nameOf(input: Input): string {
  const given = input.arguments[0]
  const name = text(input, 'message') ?? (typeof given === 'string' ? given : (given ?? []).join(' '))
  return name === '' ? 'schema' : name
}

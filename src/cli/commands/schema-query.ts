import { readStatus, schemaQuery, versionSchemaName, type MigrationFile } from '../../migrations/migrations.ts'
import { defineCommand, type OptionDefinition } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { flag, type Input } from '../input.ts'

/** The options of the query, whatever the command is called. */
export const schemaQueryOptions: readonly OptionDefinition[] = [
  { flags: '--with-base', description: 'put the base schema behind it, for its types and functions' },
  { flags: '--applied', description: 'ask the database for the newest version that is there, instead of the files' },
]

/** Prints the statement that selects the schema of a version. */
export const schemaQueryCommand = defineCommand({
  name: 'schema-query',
  summary: 'Print the statement with which an application selects its version of the schema',
  description:
    'By the files that are here, so that every release of the application gets the version that it was written for; no database is needed, except with --applied. The version is that of the newest file with actions. Where there is none an empty line is printed, and the application uses the tables themselves.',
  examples: [
    ['metastore schema-query', 'prints SET search_path TO migration_…'],
    ['metastore schema-query --with-base', 'as an application needs it that uses enums or extensions'],
    ['metastore schema-query --applied', 'by what the database has'],
  ],
  scope: 'databases',
  options: schemaQueryOptions,
  json: 'databases[]: database, query (or null), schema (or null)',

  run: (input, context) => eachDatabase(context, (entry) => printSchemaQuery(entry, input, context)),
})

/** Prints the query for one database; `generate-schema-query` is the same under its other name. */
export async function printSchemaQuery(
  entry: DatabaseEntry,
  input: Input,
  { output }: Context,
): Promise<DatabaseAnswer> {
  const name = flag(input, 'applied') ? await appliedVersion(entry) : newestVersion(await entry.files())
  const query = schemaQuery(name, flag(input, 'withBase') ? { withBase: entry.settings.schema } : {}).trim()
  output.line(query)
  return { document: { query: query === '' ? null : query, schema: name === null ? null : versionSchemaName(name) } }
}

function newestVersion(files: readonly MigrationFile[]): string | null {
  return files.findLast(({ format }) => format === 'actions')?.name ?? null
}

async function appliedVersion(entry: DatabaseEntry): Promise<string | null> {
  await using engine = await entry.engine({ command: 'schema-query', reads: true })
  const { newSchema, oldSchema } = await readStatus(engine, [])
  return (newSchema ?? oldSchema)?.replace(/^migration_/, '') ?? null
}

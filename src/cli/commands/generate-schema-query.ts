import { defineCommand } from '../command.ts'
import { eachDatabase } from '../each-database.ts'
import { printSchemaQuery, schemaQueryOptions } from './schema-query.ts'

/** `schema-query` as older releases of Reshape spell it. */
export const generateSchemaQueryCommand = defineCommand({
  name: 'generate-schema-query',
  summary: 'The same as schema-query, as older releases of Reshape spell it',
  examples: [['metastore generate-schema-query', 'prints SET search_path TO migration_…']],
  scope: 'databases',
  options: schemaQueryOptions,
  json: 'as schema-query',
  run: (input, context) => eachDatabase(context, (entry) => printSchemaQuery(entry, input, context)),
})

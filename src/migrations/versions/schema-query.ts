import { versionSchemaName } from '../batch/names.ts'

/** What a schema query is made with. */
export interface SchemaQueryOptions {
  /** The base schema, to be looked through after the version's: for its types and functions. */
  readonly withBase?: string | undefined
}

/**
 * The statement by which a session selects the version of its application, and a line feed: `SET search_path TO
 * migration_<name>`. Without a migration it is an empty line: the application uses the tables themselves.
 */
export function schemaQuery(migration: string | null, { withBase }: SchemaQueryOptions = {}): string {
  if (migration === null) return '\n'
  const schemas = [versionSchemaName(migration), ...(withBase === undefined ? [] : [withBase])]
  return `SET search_path TO ${schemas.map(quotedWhereNeeded).join(', ')}\n`
}

// Names of schemas that are plain words and no keywords of SQL stand as they are: scripts compare the text.
function quotedWhereNeeded(name: string): string {
  return /^(?:migration_[a-z0-9_]*|public)$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

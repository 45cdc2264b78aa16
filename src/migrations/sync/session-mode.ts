import { literal, sql, Sql } from '../../database/database.ts'

/**
 * The test whether a session uses the new version: its first schema is the version schema, or a setting says so. Never null.
 */
export function isNewSession(versionSchema: string | Sql, target: string | Sql): Sql {
  const schema = textOf(versionSchema)
  return sql`coalesce(
    pg_catalog.current_schema() = ${schema}
    or pg_catalog.current_setting('metastore.version', true) in (${textOf(target)}, ${schema})
    or pg_catalog.current_setting('reshape.is_new_schema', true) = 'YES',
    false
  )`
}

function textOf(name: string | Sql): Sql {
  return name instanceof Sql ? name : literal(name)
}

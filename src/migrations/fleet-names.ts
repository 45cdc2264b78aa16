import { raw, sql, type Queryable } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'

/** The names that a query of a project's own gives, in its order: the first column of each row. Throws `fleet_invalid`. */
export async function namesByQuery(session: Queryable, query: string): Promise<string[]> {
  const rows = await session.query(raw(query))
  const names = rows.map((row) => Object.values(row)[0])
  const wrong = names.findIndex((name) => typeof name !== 'string' || name === '')
  if (wrong !== -1) throw noName(wrong + 1)
  return [...new Set(names as string[])]
}

/** The schemas of a database, or the databases of its server, whose names fit a pattern with `*` and `?`, sorted. */
export async function namesByPattern(
  session: Queryable,
  pattern: string,
  each: 'schema' | 'database',
  stateSchema: string,
): Promise<string[]> {
  const like = pattern
    .replaceAll(/[\\%_]/g, (character) => `\\${character}`)
    .replaceAll('*', '%')
    .replaceAll('?', '_')
  // What metastore, the server and the version schemas of batches have made is nobody's.
  const own = `^(pg_|information_schema$|migration_)`
  const statement =
    each === 'database'
      ? sql`
          select datname::text as name from pg_catalog.pg_database
          where datallowconn and not datistemplate and datname like ${like}
          order by 1`
      : sql`
          select nspname::text as name from pg_catalog.pg_namespace
          where nspname like ${like} and nspname !~ ${own}
            and nspname <> ${stateSchema} and not starts_with(nspname, ${`${stateSchema}_`})
          order by 1`
  return (await session.query<{ name: string }>(statement)).map(({ name }) => name)
}

/**
 * Makes sure that names without a schema mean the one that is migrated. A pooler may have ignored what the connection asked for,
 * and the schema may be missing. Throws `fleet_invalid`.
 */
export async function assertSchemaFirst(session: Queryable, schema: string): Promise<void> {
  const [found] = await session.query<{ current: string | null }>(sql`select current_schema()::text as current`)
  if (found?.current === schema) return
  const [there] = await session.query(sql`select from pg_catalog.pg_namespace where nspname = ${schema}`)
  if (there === undefined) {
    throw new MetastoreError({
      code: 'fleet_invalid',
      message: `There is no schema ${schema}, or the role may not use it. Nothing was changed.`,
      where: schema,
      remedy: 'Create it, or let it be created with --bootstrap; or take its name out of the fleet.',
    })
  }
  throw new MetastoreError({
    code: 'fleet_invalid',
    message: `Sessions do not begin in the schema ${schema}: something between here and the server, such as a pooler, ignores what the connection asks for. Nothing was changed.`,
    where: schema,
    remedy: 'Give the URL of the server itself, without the pooler.',
  })
}

function noName(row: number): MetastoreError {
  return new MetastoreError({
    code: 'fleet_invalid',
    message: `The query of the fleet gives no name in row ${row}: its first column has to be a text that is not empty.`,
    where: 'query',
    remedy: 'Select the names as text, such as select slug::text from tenants, without nulls.',
  })
}

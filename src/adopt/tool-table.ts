import { id, sql, type Queryable, type Sql } from '../database/database.ts'

/** A table that another tool keeps its history in. */
export interface ToolTable {
  readonly schema: string
  readonly name: string
  readonly columns: ReadonlySet<string>
  /** Its quoted name. */
  readonly at: Sql
}

/** Which table is looked for. */
interface ToolTableShape {
  readonly name: string
  /** Columns that it has wherever the tool has made it. */
  readonly columns: readonly string[]
  /** The only schema that it can be in; any one unless said. */
  readonly schema?: string
}

/**
 * Finds a table of another tool: in the base schema, else on the search path, else anywhere. A view of the name, such as the
 * one of `history_view`, is none.
 */
export async function findToolTable(
  db: Queryable,
  { name, columns, schema }: ToolTableShape,
  base: string,
): Promise<ToolTable | undefined> {
  const found = await db.query<{ schema: string; columns: string[] }>(sql`
    select n.nspname as schema, json_agg(a.attname) as columns
    from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relname = ${name} and c.relkind in ('r', 'p')
      and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    group by n.nspname
    order by n.nspname = ${base} desc, array_position(pg_catalog.current_schemas(false), n.nspname) nulls last, n.nspname`)
  const table = found.find(
    (one) => (schema === undefined || one.schema === schema) && columns.every((column) => one.columns.includes(column)),
  )
  return table && { schema: table.schema, name, columns: new Set(table.columns), at: id(table.schema, name) }
}

/** Another table in the schema of one. */
export function besides(db: Queryable, { schema }: ToolTable, name: string): Promise<ToolTable | undefined> {
  return findToolTable(db, { name, schema, columns: [] }, schema)
}

import { sql, type Sql } from '../../database/database.ts'

/**
 * A common table expression `affected (oid)`: the tables of a schema that are named, and their partitions and children,
 * which are changed with them.
 */
export function affectedTables(schema: string, tables: readonly string[]): Sql {
  return sql`
    with recursive affected (oid) as (
      select class.oid
      from pg_catalog.pg_class class
      join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
      where namespace.nspname = ${schema} and class.relkind in ('r', 'p')
        and class.relname in (select pg_catalog.json_array_elements_text(${JSON.stringify(tables)}::json))
      union
      select inhrelid from pg_catalog.pg_inherits join affected on inhparent = affected.oid
    )`
}

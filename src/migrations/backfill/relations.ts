import { assumedDensity } from './pace.ts'
import { sql, type Queryable } from '../../database/database.ts'

/** A table that holds rows itself: a plain one, a partition, or a child. */
export interface Relation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** The number of its file; another one after VACUUM FULL, CLUSTER or TRUNCATE. */
  readonly file: number
  readonly blocks: number
  /** How many rows it has, as the server estimates from the last time that it counted, or else from the size. */
  readonly rows: number
  /** How many rows can at most be in a block: the slots that the walk numbers them by. */
  readonly slots: number
}

/** A table and everything that is partitioned or inherits from it, as far as it holds rows; in the order of object ids. */
export function readRelations(db: Queryable, schema: string, table: string): Promise<Relation[]> {
  // A block has a header of 24 bytes, and a row at least one of 24 and a pointer of 4 (manual, 66.6).
  return db.query<Relation>(sql`
    with recursive tree as (
      select c.oid
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${schema} and c.relname = ${table}
      union
      select i.inhrelid
      from pg_catalog.pg_inherits i
      join tree on tree.oid = i.inhparent
    )
    select
      c.oid::int8 as oid,
      n.nspname::text as schema,
      c.relname::text as name,
      pg_relation_filenode(c.oid)::int8 as file,
      pg_relation_size(c.oid) / current_setting('block_size')::int as blocks,
      round(
        pg_relation_size(c.oid) / current_setting('block_size')::int
        * case when c.reltuples > 0 and c.relpages > 0 then c.reltuples / c.relpages else ${assumedDensity} end
      )::int8 as rows,
      (current_setting('block_size')::int - 24) / 28 as slots
    from tree
    join pg_catalog.pg_class c on c.oid = tree.oid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r'
    order by c.oid`)
}

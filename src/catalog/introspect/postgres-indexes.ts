import { sql } from '../../database/sql.ts'
import type { ObjectName } from '../object.ts'
import type { Index, IndexKey } from '../relation.ts'
import { comment, inScope, type JsonList, readSettings, type Scope } from './postgres-scope.ts'

/** An index of a table or a materialized view. */
export interface IndexRow {
  readonly relation: number
  readonly name: string
  readonly method: string
  readonly keys: readonly KeyRow[]
  readonly include: JsonList<string>
  readonly unique: boolean
  readonly nullsNotDistinct: boolean
  readonly predicate: string | null
  readonly valid: boolean
  readonly ready: boolean
  readonly clustered: boolean
  readonly replicaIdentity: boolean
  readonly constraint: string | null
  readonly partOf: ObjectName | null
  readonly tablespace: string | null
  readonly options: JsonList<string>
  readonly comment: string | null
  readonly definition: string | null
}

interface KeyRow {
  readonly column: string | null
  readonly expression: string | null
  readonly descending: boolean
  readonly nullsFirst: boolean
  readonly operatorClass: string | null
  readonly operatorClassOptions: JsonList<string>
  readonly collation: string | null
}

// One row of numbers for each key: the column (0 for an expression), its flags, operator class and collation.
const keys = sql`(
  select json_agg(json_build_object(
      'column', a.attname,
      'expression', case when k.number = 0 then pg_get_indexdef(i.indexrelid, k.place::int, false) end,
      'descending', k.flags & 1 = 1,
      'nullsFirst', k.flags & 2 = 2,
      'operatorClass', case when not class.opcdefault then
        case when n.nspname = 'pg_catalog' then '' else quote_ident(n.nspname) || '.' end || quote_ident(class.opcname) end,
      'operatorClassOptions', to_json(own.attoptions),
      'collation', case when k.collated <> coalesce(a.attcollation, t.typcollation)
        then nullif(k.collated, 0)::regcollation::text end) order by k.place)
  from unnest(i.indkey::int2[], i.indoption::int2[], i.indclass::oid[], i.indcollation::oid[])
      with ordinality as k (number, flags, class, collated, place)
    join pg_attribute own on own.attrelid = i.indexrelid and own.attnum = k.place
    join pg_type t on t.oid = own.atttypid
    join pg_opclass class on class.oid = k.class
    join pg_namespace n on n.oid = class.opcnamespace
    left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number and k.number <> 0
  where k.place <= i.indnkeyatts)`

/** The indexes of tables and materialized views. */
export async function readIndexes(scope: Scope): Promise<IndexRow[]> {
  const rows = await scope.db.query<IndexRow>(sql`
    select i.indrelid::int8 as relation, c.relname::text as name, am.amname::text as method, ${keys} as keys,
      case when i.indnatts > i.indnkeyatts then (select json_agg(a.attname order by a.attnum) from pg_attribute a
        where a.attrelid = i.indexrelid and a.attnum > i.indnkeyatts) end as include,
      i.indisunique as unique,
      ${scope.version >= 150_000 ? sql`i.indnullsnotdistinct` : sql`false`} as "nullsNotDistinct",
      pg_get_expr(i.indpred, i.indrelid) as predicate, i.indisvalid as valid, i.indisready as ready,
      i.indisclustered as clustered, i.indisreplident as "replicaIdentity",
      (select con.conname::text from pg_constraint con
        where con.conindid = i.indexrelid and con.conrelid = i.indrelid and con.contype in ('p', 'u', 'x')) as constraint,
      case when c.relispartition then (select json_build_object('schema', n.nspname, 'name', whole.relname)
        from pg_inherits h join pg_class whole on whole.oid = h.inhparent join pg_namespace n on n.oid = whole.relnamespace
        where h.inhrelid = i.indexrelid) end as "partOf",
      space.spcname::text as tablespace, to_json(c.reloptions) as options,
      ${comment('pg_class', sql`i.indexrelid`)} as comment, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i
      join pg_class c on c.oid = i.indexrelid
      join pg_am am on am.oid = c.relam
      left join pg_tablespace space on space.oid = c.reltablespace
    where c.relpersistence <> 't' and ${inScope(scope, sql`c.relnamespace`)}`)
  // One that has been dropped since the snapshot was taken cannot be printed any more.
  return rows.filter(({ definition }) => definition !== null)
}

/** An index as the catalog has it. */
export function toIndex(row: IndexRow): Index {
  return {
    name: row.name,
    method: row.method,
    keys: row.keys.map(toKey),
    include: row.include ?? [],
    unique: row.unique,
    nullsNotDistinct: row.nullsNotDistinct,
    predicate: row.predicate,
    valid: row.valid,
    ready: row.ready,
    clustered: row.clustered,
    replicaIdentity: row.replicaIdentity,
    constraint: row.constraint,
    partOf: row.partOf,
    tablespace: row.tablespace,
    options: readSettings(row.options),
    comment: row.comment,
    definition: row.definition,
  }
}

function toKey({ column, expression, ...row }: KeyRow): IndexKey {
  const target =
    column === null
      ? ({ kind: 'expression', expression: expression ?? '' } as const)
      : ({ kind: 'column', column } as const)
  return {
    ...target,
    order: row.descending ? 'desc' : 'asc',
    nulls: row.nullsFirst ? 'first' : 'last',
    operatorClass: row.operatorClass,
    operatorClassOptions: readSettings(row.operatorClassOptions),
    collation: row.collation,
  }
}

import { type Sql, sql } from '../../database/sql.ts'
import type { Column, Identity } from '../relation.ts'
import type { ObjectName } from '../object.ts'
import { type Acl, aclEntries, groupGrants } from './postgres-grants.ts'
import {
  comment,
  inScope,
  independent,
  type JsonList,
  type ObjectRow,
  readSettings,
  type Scope,
} from './postgres-scope.ts'

/** A table or a view. */
export interface RelationRow extends ObjectRow {
  readonly id: number
  readonly kind: 'r' | 'p' | 'f' | 'v' | 'm'
  readonly persistence: 'p' | 'u'
  readonly replicaIdentity: 'd' | 'n' | 'f' | 'i'
  readonly rowSecurity: boolean
  readonly forceRowSecurity: boolean
  readonly options: JsonList<string>
  readonly toastOptions: JsonList<string>
  readonly tablespace: string | null
  readonly accessMethod: string | null
  readonly populated: boolean
  readonly partitionKey: string | null
  readonly bound: string | null
  readonly parents: JsonList<ObjectName & { readonly id: number }>
  readonly server: string | null
  readonly serverOptions: JsonList<string>
  readonly query: string | null
}

/** Tables and views, in no order. */
export function readRelations(scope: Scope): Promise<RelationRow[]> {
  return scope.db.query<RelationRow>(sql`
    select r.oid::int8 as id, r.relnamespace::int8 as namespace, r.relname::text as name, r.relkind::text as kind,
      pg_get_userbyid(r.relowner)::text as owner, ${comment('pg_class', sql`r.oid`)} as comment,
      r.relpersistence::text as persistence, r.relreplident::text as "replicaIdentity",
      r.relrowsecurity as "rowSecurity", r.relforcerowsecurity as "forceRowSecurity",
      to_json(r.reloptions) as options, to_json(toast.reloptions) as "toastOptions",
      space.spcname::text as tablespace, am.amname::text as "accessMethod", r.relispopulated as populated,
      case when r.relkind = 'p' then pg_get_partkeydef(r.oid) end as "partitionKey",
      pg_get_expr(r.relpartbound, r.oid) as bound,
      (select json_agg(json_build_object('id', p.oid::int8, 'schema', n.nspname, 'name', p.relname) order by i.inhseqno)
        from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_namespace n on n.oid = p.relnamespace
        where i.inhrelid = r.oid) as parents,
      server.srvname::text as server, to_json(foreign_table.ftoptions) as "serverOptions",
      case when r.relkind in ('v', 'm') then pg_get_viewdef(r.oid) end as query,
      ${aclEntries(sql`r.relacl`)} as acl
    from pg_class r
      left join pg_class toast on toast.oid = r.reltoastrelid
      left join pg_tablespace space on space.oid = r.reltablespace
      left join pg_am am on am.oid = r.relam
      left join pg_foreign_table foreign_table on foreign_table.ftrelid = r.oid
      left join pg_foreign_server server on server.oid = foreign_table.ftserver
    where r.relkind in ('r', 'p', 'f', 'v', 'm') and r.relpersistence <> 't'
      and ${inScope(scope, sql`r.relnamespace`)}
      and ${independent('pg_class', sql`r.oid`)}`)
}

/** A column of a table, a view or a composite type. */
export interface ColumnRow {
  readonly relation: number
  readonly number: number
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly expression: string | null
  readonly identity: '' | 'a' | 'd'
  readonly generated: '' | 's' | 'v'
  readonly collation: string | null
  readonly comment: string | null
  readonly storage: keyof typeof storages | null
  readonly compression: 'p' | 'l' | null
  readonly statistics: number | null
  readonly inherited: boolean
  readonly options: JsonList<string>
  readonly foreignOptions: JsonList<string>
  readonly acl: Acl
}

const storages = { p: 'plain', e: 'external', x: 'extended', m: 'main' } as const
const compressions = { p: 'pglz', l: 'lz4' } as const

/** The columns of everything that has columns, in the order of each. */
export function readColumns(scope: Scope): Promise<ColumnRow[]> {
  return scope.db.query<ColumnRow>(sql`
    select a.attrelid::int8 as relation, a.attnum as number, a.attname::text as name,
      format_type(a.atttypid, a.atttypmod) as type, ${nullable(scope)} as nullable,
      pg_get_expr(d.adbin, d.adrelid) as expression,
      a.attidentity::text as identity, a.attgenerated::text as generated,
      case when a.attcollation <> t.typcollation then nullif(a.attcollation, 0)::regcollation::text end as collation,
      ${comment('pg_class', sql`a.attrelid`, sql`a.attnum`)} as comment,
      case when a.attstorage <> t.typstorage then a.attstorage::text end as storage,
      ${scope.version >= 140_000 ? sql`nullif(a.attcompression::text, '')` : sql`null`} as compression,
      nullif(a.attstattarget, -1)::int as statistics, not a.attislocal as inherited,
      to_json(a.attoptions) as options, to_json(a.attfdwoptions) as "foreignOptions", ${aclEntries(sql`a.attacl`)} as acl
    from pg_attribute a
      join pg_class r on r.oid = a.attrelid
      join pg_type t on t.oid = a.atttypid
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
      and r.relkind in ('r', 'p', 'f', 'v', 'm', 'c') and r.relpersistence <> 't'
      and ${inScope(scope, sql`r.relnamespace`)}
    order by a.attrelid, a.attnum`)
}

// From 18 on, a column is marked as not null also when the constraint has yet to be validated.
function nullable(scope: Scope): Sql {
  if (scope.version < 180_000) return sql`not a.attnotnull`
  return sql`(not a.attnotnull or exists (select from pg_constraint n
    where n.conrelid = a.attrelid and n.contype = 'n' and n.conkey[1] = a.attnum and not n.convalidated))`
}

/** A column as the catalog has it; `sequence` is that of an identity column. */
export function toColumn(row: ColumnRow, sequence: ObjectName | undefined): Column {
  return {
    name: row.name,
    type: row.type,
    nullable: row.nullable,
    default: row.generated === '' ? row.expression : null,
    identity: toIdentity(row.identity, sequence),
    generated:
      row.generated === ''
        ? null
        : { storage: row.generated === 's' ? 'stored' : 'virtual', expression: row.expression ?? '' },
    collation: row.collation,
    comment: row.comment,
    storage: row.storage === null ? null : storages[row.storage],
    compression: row.compression === null ? null : compressions[row.compression],
    statistics: row.statistics,
    inherited: row.inherited,
    options: readSettings([...(row.options ?? []), ...(row.foreignOptions ?? [])]),
    grants: groupGrants(row.acl),
  }
}

function toIdentity(identity: ColumnRow['identity'], sequence: ObjectName | undefined): Identity | null {
  if (identity === '' || sequence === undefined) return null
  return { kind: identity === 'a' ? 'always' : 'by_default', sequence }
}

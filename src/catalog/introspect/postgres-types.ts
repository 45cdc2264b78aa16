import { sql } from '../../database/sql.ts'
import type { ObjectName } from '../object.ts'
import type { Column } from '../relation.ts'
import { sortByName } from '../sort.ts'
import type { DomainConstraint, UserType } from '../schema-object.ts'
import { aclEntries, readGrants } from './postgres-grants.ts'
import {
  comment,
  functionName,
  inScope,
  independent,
  type JsonList,
  nameOf,
  type ObjectRow,
  type Scope,
} from './postgres-scope.ts'

/** A type that somebody made. */
export interface TypeRow extends ObjectRow {
  readonly kind: 'e' | 'd' | 'c' | 'r'
  /** The relation that holds the attributes of a composite type. */
  readonly relation: number
  readonly labels: JsonList<string>
  readonly base: string | null
  readonly nullable: boolean
  readonly default: string | null
  readonly collation: string | null
  readonly constraints: JsonList<DomainConstraint>
  readonly range: RangeRow | null
}

interface RangeRow {
  readonly subtype: string
  readonly operatorClass: string | null
  readonly collation: string | null
  readonly canonical: ObjectName | null
  readonly difference: ObjectName | null
  readonly multirange: ObjectName | null
}

const domainConstraints = sql`(
  select json_agg(json_build_object(
    'kind', case con.contype when 'c' then 'check' else 'not_null' end,
    'name', con.conname,
    'expression', pg_get_expr(con.conbin, 0),
    'validated', con.convalidated,
    'comment', ${comment('pg_constraint', sql`con.oid`)},
    'definition', pg_get_constraintdef(con.oid)))
  from pg_constraint con where con.contypid = t.oid and con.contype in ('c', 'n'))`

const typeName = (oid: ReturnType<typeof sql>) => sql`(
  select json_build_object('schema', n.nspname, 'name', m.typname)
  from pg_type m join pg_namespace n on n.oid = m.typnamespace where m.oid = ${oid})`

/** Enums, domains, composite types and ranges. The row types of tables are not among them. */
export function readTypes(scope: Scope): Promise<TypeRow[]> {
  return scope.db.query<TypeRow>(sql`
    select t.typnamespace::int8 as namespace, t.typname::text as name, t.typtype::text as kind,
      pg_get_userbyid(t.typowner)::text as owner, ${comment('pg_type', sql`t.oid`)} as comment,
      t.typrelid::int8 as relation,
      (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) as labels,
      case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end as base,
      not t.typnotnull as nullable, pg_get_expr(t.typdefaultbin, 0) as default,
      case when t.typcollation <> base.typcollation then nullif(t.typcollation, 0)::regcollation::text end as collation,
      ${domainConstraints} as constraints, ${rangeOf(scope)} as range, ${aclEntries(sql`t.typacl`)} as acl
    from pg_type t
      left join pg_class r on r.oid = t.typrelid
      left join pg_type base on base.oid = t.typbasetype
    where (t.typtype in ('e', 'd', 'r') or t.typtype = 'c' and r.relkind = 'c')
      and ${inScope(scope, sql`t.typnamespace`)}
      and ${independent('pg_type', sql`t.oid`)}`)
}

function rangeOf(scope: Scope) {
  return sql`(
    select json_build_object(
      'subtype', format_type(g.rngsubtype, null),
      'operatorClass', case when not class.opcdefault then format('%I.%I', n.nspname, class.opcname) end,
      'collation', case when g.rngcollation <> sub.typcollation then nullif(g.rngcollation, 0)::regcollation::text end,
      'canonical', ${functionName(sql`g.rngcanonical`)},
      'difference', ${functionName(sql`g.rngsubdiff`)},
      'multirange', ${scope.version >= 140_000 ? typeName(sql`g.rngmultitypid`) : sql`null`})
    from pg_range g
      join pg_type sub on sub.oid = g.rngsubtype
      join pg_opclass class on class.oid = g.rngsubopc
      join pg_namespace n on n.oid = class.opcnamespace
    where g.rngtypid = t.oid)`
}

/** A type as the catalog has it; `attributes` are those of a composite type. */
export function toType(scope: Scope, row: TypeRow, attributes: readonly Column[]): UserType {
  const { owner, comment, nullable, collation } = row
  const grants = readGrants(row.acl, 'T', owner, scope.privileges)
  const base = { ...nameOf(scope, row), owner, comment, grants }
  switch (row.kind) {
    case 'e':
      return { kind: 'enum', ...base, labels: row.labels ?? [] }
    case 'd': {
      const constraints = sortByName(row.constraints ?? [])
      return { kind: 'domain', ...base, base: row.base ?? '', nullable, default: row.default, collation, constraints }
    }
    case 'c':
      return { kind: 'composite', ...base, attributes }
    case 'r':
      return { kind: 'range', ...base, ...(row.range as RangeRow) }
  }
}

import { sql } from '../../database/sql.ts'
import type { ObjectName } from '../object.ts'
import type { Sequence } from '../schema-object.ts'
import { aclEntries, readGrants } from './postgres-grants.ts'
import { comment, inScope, independent, nameOf, type ObjectRow, type Scope } from './postgres-scope.ts'

/** A sequence; `relation` and `number` say whose identity it is, if any. */
export interface SequenceRow extends ObjectRow {
  readonly persistence: 'p' | 'u'
  readonly type: string
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cache: string
  readonly cycle: boolean
  readonly relation: number | null
  readonly number: number | null
  readonly identity: boolean
  readonly table: ObjectName | null
  readonly column: string | null
}

/** Sequences, those of identity columns included. */
export function readSequences(scope: Scope): Promise<SequenceRow[]> {
  return scope.db.query<SequenceRow>(sql`
    select c.relnamespace::int8 as namespace, c.relname::text as name, pg_get_userbyid(c.relowner)::text as owner,
      ${comment('pg_class', sql`c.oid`)} as comment, c.relpersistence::text as persistence,
      format_type(s.seqtypid, null) as type, s.seqstart::text as start, s.seqincrement::text as increment,
      s.seqmin::text as minimum, s.seqmax::text as maximum, s.seqcache::text as cache, s.seqcycle as cycle,
      owner.refobjid::int8 as relation, owner.refobjsubid as number, coalesce(owner.deptype = 'i', false) as identity,
      case when r.oid is not null then json_build_object('schema', n.nspname, 'name', r.relname) end as table,
      a.attname::text as column, ${aclEntries(sql`c.relacl`)} as acl
    from pg_sequence s
      join pg_class c on c.oid = s.seqrelid
      left join pg_depend owner on owner.classid = 'pg_class'::regclass and owner.objid = c.oid and owner.objsubid = 0
        and owner.refclassid = 'pg_class'::regclass and owner.refobjsubid > 0 and owner.deptype in ('a', 'i')
      left join pg_class r on r.oid = owner.refobjid
      left join pg_namespace n on n.oid = r.relnamespace
      left join pg_attribute a on a.attrelid = owner.refobjid and a.attnum = owner.refobjsubid
    where c.relpersistence <> 't' and ${inScope(scope, sql`c.relnamespace`)}
      and ${independent('pg_class', sql`c.oid`)}`)
}

/** A sequence as the catalog has it. */
export function toSequence(scope: Scope, row: SequenceRow): Sequence {
  const { owner, comment, type, start, increment, minimum, maximum, cache, cycle, table, column, identity } = row
  return {
    ...nameOf(scope, row),
    owner,
    comment,
    persistence: row.persistence === 'u' ? 'unlogged' : 'permanent',
    type,
    start,
    increment,
    minimum,
    maximum,
    cache,
    cycle,
    ownedBy: table && column !== null ? { table, column } : null,
    identity,
    grants: readGrants(row.acl, 's', owner, scope.privileges),
  }
}

import { sql } from '../../database/sql.ts'
import type { Constraint, ReferentialAction } from '../constraint.ts'
import type { ObjectName } from '../object.ts'
import { columnNames, comment, inScope, type JsonList, relationName, type Scope } from './postgres-scope.ts'

/** A constraint of a table. */
export interface ConstraintRow {
  readonly relation: number
  readonly name: string
  readonly type: 'p' | 'u' | 'f' | 'c' | 'x' | 'n'
  readonly definition: string
  readonly validated: boolean
  readonly enforced: boolean
  readonly triggersEnabled: boolean
  readonly deferrable: boolean
  readonly deferred: boolean
  readonly inherited: boolean
  readonly noInherit: boolean
  readonly comment: string | null
  readonly columns: JsonList<string>
  readonly expression: string | null
  readonly index: string | null
  readonly include: JsonList<string>
  readonly nullsNotDistinct: boolean
  readonly period: boolean
  readonly operators: JsonList<string>
  readonly referenced: ObjectName | null
  readonly referencedColumns: JsonList<string>
  readonly match: 's' | 'f' | 'p'
  readonly onUpdate: keyof typeof actions
  readonly onDelete: keyof typeof actions
  readonly onDeleteColumns: JsonList<string>
}

const actions = {
  a: 'no_action',
  r: 'restrict',
  c: 'cascade',
  n: 'set_null',
  d: 'set_default',
} as const satisfies Record<string, ReferentialAction>
const matches = { s: 'simple', f: 'full', p: 'partial' } as const

// From 18 on most constraints are those of columns that are not null, and these have one column.
const constrained = sql`case when con.contype = 'n'
  then (select json_build_array(a.attname) from pg_attribute a where a.attrelid = con.conrelid and a.attnum = con.conkey[1])
  else ${columnNames(sql`con.conrelid`, sql`con.conkey`)} end`

/** The constraints of tables. What only some kinds have is looked up for these only, which halves the time. Those of foreign keys to the partitions of a table are the inside of the key to the table. */
export function readConstraints(scope: Scope): Promise<ConstraintRow[]> {
  const { version } = scope
  return scope.db.query<ConstraintRow>(sql`
    select con.conrelid::int8 as relation, con.conname::text as name, con.contype::text as type,
      pg_get_constraintdef(con.oid) as definition, con.convalidated as validated,
      ${version >= 180_000 ? sql`con.conenforced` : sql`true`} as enforced,
      con.contype in ('c', 'n') or not exists (select from pg_trigger t
        where t.tgconstraint = con.oid and t.tgisinternal and t.tgenabled = 'D') as "triggersEnabled",
      con.condeferrable as deferrable, con.condeferred as deferred, not con.conislocal as inherited,
      con.connoinherit as "noInherit", ${comment('pg_constraint', sql`con.oid`)} as comment,
      ${constrained} as columns,
      pg_get_expr(con.conbin, con.conrelid) as expression,
      index.relname::text as index,
      case when i.indnatts > i.indnkeyatts then (select json_agg(a.attname order by a.attnum) from pg_attribute a
        where a.attrelid = i.indexrelid and a.attnum > i.indnkeyatts) end as include,
      ${version >= 150_000 ? sql`coalesce(i.indnullsnotdistinct, false)` : sql`false`} as "nullsNotDistinct",
      ${version >= 180_000 ? sql`con.conperiod` : sql`false`} as period,
      case when con.contype = 'x' then (select json_agg(case when n.nspname = 'pg_catalog' then o.oprname::text
          else format('operator(%I.%s)', n.nspname, o.oprname) end order by k.place)
        from unnest(con.conexclop) with ordinality as k (operator, place)
        join pg_operator o on o.oid = k.operator join pg_namespace n on n.oid = o.oprnamespace) end as operators,
      case when con.contype = 'f' then ${relationName(sql`con.confrelid`)} end as referenced,
      case when con.contype = 'f' then ${columnNames(sql`con.confrelid`, sql`con.confkey`)} end as "referencedColumns",
      con.confmatchtype::text as match, con.confupdtype::text as "onUpdate", con.confdeltype::text as "onDelete",
      ${version >= 150_000 ? sql`case when con.confdelsetcols is not null then ${columnNames(sql`con.conrelid`, sql`con.confdelsetcols`)} end` : sql`null::json`} as "onDeleteColumns"
    from pg_constraint con
      left join pg_index i on i.indexrelid = con.conindid and con.contype in ('p', 'u', 'x')
      left join pg_class index on index.oid = i.indexrelid
    where con.conrelid <> 0 and con.contype in ('p', 'u', 'f', 'c', 'x', 'n')
      and ${inScope(scope, sql`con.connamespace`)}
      and not (con.contype = 'f' and con.conparentid <> 0 and exists (
        select from pg_constraint whole where whole.oid = con.conparentid and whole.conrelid = con.conrelid))`)
}

/** A constraint as the catalog has it. */
export function toConstraint(row: ConstraintRow): Constraint {
  const base = {
    name: row.name,
    deferrable: row.deferrable ? (row.deferred ? 'deferred' : 'immediate') : 'no',
    validated: row.validated,
    enforced: row.enforced,
    triggersEnabled: row.triggersEnabled,
    inherited: row.inherited,
    comment: row.comment,
    definition: row.definition,
  } as const
  const columns = row.columns ?? []
  const index = row.index
  const include = row.include ?? []
  switch (row.type) {
    case 'p':
      return { kind: 'primary_key', ...base, columns, include, withoutOverlaps: row.period, index }
    case 'u': {
      const { nullsNotDistinct, period: withoutOverlaps } = row
      return { kind: 'unique', ...base, columns, include, nullsNotDistinct, withoutOverlaps, index }
    }
    case 'f':
      return { kind: 'foreign_key', ...base, columns, ...toReference(row) }
    case 'c':
      return { kind: 'check', ...base, columns, expression: row.expression ?? '', noInherit: row.noInherit }
    case 'x':
      return { kind: 'exclusion', ...base, operators: row.operators ?? [], index: index ?? row.name }
    case 'n':
      return { kind: 'not_null', ...base, column: columns[0] ?? '', noInherit: row.noInherit }
  }
}

function toReference(row: ConstraintRow) {
  const { schema, name } = row.referenced ?? { schema: '', name: '' }
  return {
    references: { schema, name, columns: row.referencedColumns ?? [] },
    match: matches[row.match],
    onUpdate: actions[row.onUpdate],
    onDelete: actions[row.onDelete],
    onDeleteColumns: row.onDeleteColumns ?? [],
    period: row.period,
  }
}

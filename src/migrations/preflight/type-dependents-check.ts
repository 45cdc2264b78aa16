import { sql, type Sql } from '../../database/database.ts'
import { problemAt, type Place } from '../problems.ts'
import type { DataCheck } from './preflight-plan.ts'

/** A type that is dropped when the batch completes. */
export interface TypeDependents {
  readonly schema: string
  readonly type: string
  /** What the batch does to it, for the message. */
  readonly verb: 'removed' | 'altered'
  /** Version schemas, whose objects are ours. */
  readonly ignoredSchemas: readonly string[]
  readonly label: string
  readonly place: Place
}

/**
 * Functions and other objects that name the type, or an array of it, and would keep it from being dropped (PostgreSQL manual,
 * 52.18 pg_depend). Columns of tables of the same schema are not meant, nor what depends on such a column: the batch
 * takes care of them.
 */
export function dependentsOfType(dependents: TypeDependents): DataCheck {
  const { type, verb, label, place } = dependents
  return {
    label,
    query: dependentsQuery(dependents),
    problem: (rows) =>
      problemAt(place, 0, {
        code: 'data_conflict',
        message: `Enum ${type} cannot be ${verb}: ${rows.map((row) => String(row['object'])).join(', ')} ${
          rows.length === 1 ? 'depends' : 'depend'
        } on it.`,
        remedy: 'Drop or change that first, in an earlier migration or by a custom action.',
      }),
  }
}

function dependentsQuery({ schema, type, ignoredSchemas }: TypeDependents): Sql {
  return sql`
    with types as (
      select type.oid
      from pg_catalog.pg_type type
      join pg_catalog.pg_namespace namespace on namespace.oid = type.typnamespace
      where namespace.nspname = ${schema} and type.typname = ${type}
    ),
    named as (
      select oid from types
      union all
      select type.oid from pg_catalog.pg_type type join types on type.typelem = types.oid and type.typcategory = 'A'
    ),
    ignored as (
      select namespace.oid
      from pg_catalog.pg_namespace namespace
      where namespace.nspname in (select pg_catalog.json_array_elements_text(${JSON.stringify(ignoredSchemas)}::json))
    ),
    own_columns as (
      select depend.objid as relation, depend.objsubid as number
      from pg_catalog.pg_depend depend
      join pg_catalog.pg_class class on class.oid = depend.objid and class.relkind in ('r', 'p')
      join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
      where depend.classid = 'pg_catalog.pg_class'::regclass and depend.objsubid > 0
        and depend.refclassid = 'pg_catalog.pg_type'::regclass and depend.refobjid in (select oid from named)
        and namespace.nspname = ${schema}
    )
    select distinct case
        when relation.relkind in ('v', 'm') then pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, relation.oid, 0)
        else pg_catalog.pg_describe_object(depend.classid, depend.objid, depend.objsubid)
      end as object
    from pg_catalog.pg_depend depend
    left join pg_catalog.pg_proc function
      on depend.classid = 'pg_catalog.pg_proc'::regclass and function.oid = depend.objid
    left join pg_catalog.pg_rewrite rewrite
      on depend.classid = 'pg_catalog.pg_rewrite'::regclass and rewrite.oid = depend.objid
    left join pg_catalog.pg_class relation
      on relation.oid = coalesce(rewrite.ev_class, case when depend.classid = 'pg_catalog.pg_class'::regclass then depend.objid end)
    where depend.refclassid = 'pg_catalog.pg_type'::regclass
      and depend.refobjid in (select oid from named)
      and depend.deptype in ('n', 'a')
      and coalesce(function.pronamespace, relation.relnamespace, 0) not in (select oid from ignored)
      and not exists (
        select from own_columns
        where relation = depend.objid and number = depend.objsubid and depend.classid = 'pg_catalog.pg_class'::regclass
      )
      and not exists (
        select from pg_catalog.pg_depend other
        join own_columns on own_columns.relation = other.refobjid and own_columns.number = other.refobjsubid
        where other.refclassid = 'pg_catalog.pg_class'::regclass
          and (
            (other.classid = depend.classid and other.objid = depend.objid)
            -- The columns of a view, which hang on the type as the view hangs on the column.
            or (relation.relkind in ('v', 'm') and other.classid = 'pg_catalog.pg_rewrite'::regclass
              and other.objid in (select oid from pg_catalog.pg_rewrite where ev_class = relation.oid))
          )
      )
    order by 1
    limit 10`
}

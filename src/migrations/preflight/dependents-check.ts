import { sql } from '../../database/database.ts'
import { problemAt, type Place } from '../problems.ts'
import type { DataCheck } from './preflight-plan.ts'

/** A table, or one of its columns, that nothing else may depend on. */
export interface Dependents {
  readonly schema: string
  readonly table: string
  /** Null for the table as a whole. */
  readonly column?: string
  /** Version schemas, whose views are ours. */
  readonly ignoredSchemas: readonly string[]
  readonly label: string
  readonly place: Place
}

/**
 * Views, policies, generated columns and other objects that would have to be dropped with a table or a column
 * (PostgreSQL manual, 52.18 pg_depend); what is part of the table itself, such as its indexes and constraints, is not meant.
 */
export function dependentsOfTable(dependents: Dependents): DataCheck {
  const { schema, table, column, ignoredSchemas, label, place } = dependents
  const ignored = JSON.stringify(ignoredSchemas)
  const query = sql`
    select distinct pg_catalog.pg_describe_object(
      case when depend.classid = 'pg_catalog.pg_rewrite'::regclass then 'pg_catalog.pg_class'::regclass
        else depend.classid end,
      coalesce(rewrite.ev_class, depend.objid),
      case when rewrite.oid is null then depend.objsubid else 0 end
    ) as object
    from pg_catalog.pg_depend depend
    join pg_catalog.pg_class class on class.oid = depend.refobjid
    join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
    left join pg_catalog.pg_attribute attribute
      on attribute.attrelid = class.oid and attribute.attnum = depend.refobjsubid
    left join pg_catalog.pg_rewrite rewrite
      on depend.classid = 'pg_catalog.pg_rewrite'::regclass and rewrite.oid = depend.objid
    left join pg_catalog.pg_class view on view.oid = rewrite.ev_class
    left join pg_catalog.pg_namespace view_schema on view_schema.oid = view.relnamespace
    where depend.refclassid = 'pg_catalog.pg_class'::regclass
      and namespace.nspname = ${schema}
      and class.relname = ${table}
      and (${column ?? null}::text is null or attribute.attname = ${column ?? null}::text)
      and depend.classid in (
        'pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_policy'::regclass, 'pg_catalog.pg_proc'::regclass,
        'pg_catalog.pg_attrdef'::regclass, 'pg_catalog.pg_trigger'::regclass
      )
      and depend.deptype = 'n'
      and depend.objid <> class.oid
      and (rewrite.oid is null or rewrite.ev_class <> class.oid)
      and not (depend.classid = 'pg_catalog.pg_attrdef'::regclass and ${column ?? null}::text is null)
      -- The policies and triggers of a table go with it.
      and (
        ${column ?? null}::text is not null
        or depend.objid not in (
          select oid from pg_catalog.pg_policy where polrelid = class.oid
          union all
          select oid from pg_catalog.pg_trigger where tgrelid = class.oid
        )
      )
      and not (
        view_schema.nspname is not null
        and view_schema.nspname in (select pg_catalog.json_array_elements_text(${ignored}::json))
      )
    order by 1
    limit 10`
  return {
    label,
    query,
    problem: (rows) =>
      problemAt(place, 0, {
        code: 'data_conflict',
        message: `${column === undefined ? `Table ${table}` : `Column ${table}.${column}`} cannot be removed: ${rows
          .map((row) => String(row['object']))
          .join(', ')} ${rows.length === 1 ? 'depends' : 'depend'} on it.`,
        remedy: 'Drop or change that first, in an earlier migration or by a custom action.',
      }),
  }
}

import { raw, sql, type Queryable } from '../../src/database/database.ts'

/**
 * What a schema holds, as lines of text that the server itself prints: an account of it that owes nothing to our own catalog.
 * Two schemas with the same lines are the same to every application.
 */
export async function schemaText(db: Queryable, schema = 'public'): Promise<string[]> {
  const rows = await db.query<{ line: string }>(sql`
    with relations as (
      select class.oid, class.relname, class.relkind, class.reloptions, class.relrowsecurity, class.relacl, class.relpersistence
      from pg_class class
      where class.relnamespace = ${schema}::regnamespace
    )
    select format('%s %s %s %s %s %s', relkind, relname, reloptions, relrowsecurity, relacl, obj_description(oid, 'pg_class')) as line
    from relations
    union all
    select format('column %s.%s %s %s%s%s %s %s %s %s', relname, attname,
      row_number() over (partition by attrelid order by attnum), format_type(atttypid, atttypmod),
      case when attnotnull then ' not null' end, ' ' || pg_get_expr(adbin, adrelid), attidentity, attgenerated,
      attacl, col_description(attrelid, attnum))
    from relations
    join pg_attribute on attrelid = relations.oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where relkind in ('r', 'p', 'v', 'm', 'c')
    union all
    select format('constraint %s.%s %s %s', relname, conname, pg_get_constraintdef(pg_constraint.oid), convalidated)
    from relations join pg_constraint on conrelid = relations.oid
    union all
    select format('index %s %s %s', pg_get_indexdef(indexrelid), indisvalid, indisreplident)
    from relations join pg_index on indrelid = relations.oid
    union all
    select format('trigger %s %s', pg_get_triggerdef(pg_trigger.oid), tgenabled)
    from relations join pg_trigger on tgrelid = relations.oid and not tgisinternal
    union all
    select format('view %s %s', relname, pg_get_viewdef(oid)) from relations where relkind in ('v', 'm')
    union all
    select format('policy %s.%s %s %s', relname, polname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    from relations join pg_policy on polrelid = relations.oid
    union all
    select format('sequence %s %s %s', relname, seqtypid::regtype, (
      select format('%s.%s', refobjid::regclass, refobjsubid) from pg_depend
      where classid = 'pg_class'::regclass and objid = relations.oid and deptype in ('a', 'i')
        and refclassid = 'pg_class'::regclass and refobjsubid > 0
    ))
    from relations join pg_sequence on seqrelid = relations.oid
    union all
    select format('enum %s %s', typname, string_agg(enumlabel, ',' order by enumsortorder))
    from pg_type join pg_enum on enumtypid = pg_type.oid
    where typnamespace = ${schema}::regnamespace
    group by typname
    union all
    select format('routine %s', pg_get_functiondef(oid)) from pg_proc
    where pronamespace = ${schema}::regnamespace and prokind in ('f', 'p')
    union all
    ${raw("select format('domain %s %s', typname, format_type(typbasetype, typtypmod)) from pg_type")}
    where typtype = 'd' and typnamespace = ${schema}::regnamespace
    order by line`)
  return rows.map(({ line }) => line)
}

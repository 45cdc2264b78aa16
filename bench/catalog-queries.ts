const schema = `n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'`

/** The floor: what an engineer writes to read a schema, one query for each kind of thing. */
export const catalogQueries: readonly string[] = [
  // Tables and views.
  `select n.nspname, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, pg_get_userbyid(c.relowner) as owner,
     obj_description(c.oid, 'pg_class') as comment, c.reloptions,
     case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition
   from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${schema} order by 1, 2`,
  // Columns.
  `select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, a.attidentity,
     a.attgenerated, pg_get_expr(d.adbin, d.adrelid) as default, col_description(c.oid, a.attnum) as comment
   from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped and ${schema}
   order by 1, 2, a.attnum`,
  // Indexes.
  `select n.nspname, t.relname as table, c.relname, i.indisunique, i.indisprimary, i.indisvalid,
     pg_get_indexdef(i.indexrelid) as definition
   from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
     join pg_namespace n on n.oid = c.relnamespace
   where ${schema} order by 1, 2, 3`,
  // Constraints but foreign keys.
  `select n.nspname, c.relname, o.conname, o.contype, o.convalidated, pg_get_constraintdef(o.oid) as definition
   from pg_constraint o join pg_class c on c.oid = o.conrelid join pg_namespace n on n.oid = c.relnamespace
   where o.contype <> 'f' and ${schema} order by 1, 2, 3`,
  // Foreign keys.
  `select n.nspname, c.relname, o.conname, f.relname as referenced, o.convalidated, o.confdeltype, o.confupdtype,
     pg_get_constraintdef(o.oid) as definition
   from pg_constraint o join pg_class c on c.oid = o.conrelid join pg_namespace n on n.oid = c.relnamespace
     join pg_class f on f.oid = o.confrelid
   where o.contype = 'f' and ${schema} order by 1, 2, 3`,
  // Functions and triggers.
  `select n.nspname, p.proname as name, pg_get_function_identity_arguments(p.oid) as of, pg_get_functiondef(p.oid) as definition
   from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.prokind in ('f', 'p') and ${schema}
   union all
   select n.nspname, t.tgname, c.relname, pg_get_triggerdef(t.oid)
   from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
   where not t.tgisinternal and ${schema} order by 1, 2, 3`,
  // Sequences and enums.
  `select n.nspname, c.relname as name, format_type(s.seqtypid, null) as type, array[s.seqstart::text, s.seqincrement::text] as what
   from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace where ${schema}
   union all
   select n.nspname, t.typname, 'enum', array_agg(e.enumlabel::text order by e.enumsortorder)
   from pg_enum e join pg_type t on t.oid = e.enumtypid join pg_namespace n on n.oid = t.typnamespace
   where ${schema} group by 1, 2 order by 1, 2`,
]

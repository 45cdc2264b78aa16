import { sql, type Queryable } from '../../database/database.ts'

/** What only the running database knows, beside its catalog. */
export interface LiveFacts {
  readonly sequences: readonly SequenceUse[]
  readonly indexes: readonly IndexUse[]
  readonly tables: readonly TableSize[]
  readonly extensions: readonly ExtensionVersion[]
  /** Whether statistics of use have been gathered for long enough to say that something is unused: a week. */
  readonly statisticsAreOld: boolean
}

/** How far a sequence has come. */
export interface SequenceUse {
  readonly schema: string
  readonly name: string
  /** Between 0 and 1; null before its first number. */
  readonly used: number | null
  /** The column that it belongs to, as `public.runs.id`; null for none. */
  readonly column: string | null
}

/** How often an index was used since statistics began. */
export interface IndexUse {
  readonly schema: string
  readonly name: string
  readonly scans: number
  readonly bytes: number
}

/** How large a table is. */
export interface TableSize {
  readonly schema: string
  readonly name: string
  /** As the last ANALYZE estimated; -1 when there was none. */
  readonly rows: number
  readonly bytes: number
  readonly deadRows: number
}

/** An installed extension, and the version that the server would install today. */
export interface ExtensionVersion {
  readonly name: string
  readonly installed: string
  readonly available: string
}

/** Asks a PostgreSQL database, by five queries whatever its size (manual, 28.2 and 52). */
export async function readLiveFacts(db: Queryable): Promise<LiveFacts> {
  const sequences = await db.query<SequenceUse>(sql`
    select s.schemaname as schema, s.sequencename as name,
      case when s.last_value is null then null
        when s.increment_by > 0 then (s.last_value - s.min_value)::float8 / nullif(s.max_value - s.min_value, 0)::float8
        else (s.max_value - s.last_value)::float8 / nullif(s.max_value - s.min_value, 0)::float8
      end as used,
      (select format('%I.%I.%I', tn.nspname, t.relname, a.attname)
        from pg_catalog.pg_depend d
        join pg_catalog.pg_class t on t.oid = d.refobjid
        join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
        limit 1) as column
    from pg_catalog.pg_sequences s
    join pg_catalog.pg_namespace n on n.nspname = s.schemaname
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = s.sequencename`)
  const indexes = await db.query<IndexUse>(sql`
    select i.schemaname as schema, i.indexrelname as name, i.idx_scan::float8 as scans,
      pg_catalog.pg_relation_size(i.indexrelid)::float8 as bytes
    from pg_catalog.pg_stat_user_indexes i`)
  const tables = await db.query<TableSize>(sql`
    select s.schemaname as schema, s.relname as name, c.reltuples::float8 as rows,
      pg_catalog.pg_total_relation_size(s.relid)::float8 as bytes, s.n_dead_tup::float8 as "deadRows"
    from pg_catalog.pg_stat_user_tables s
    join pg_catalog.pg_class c on c.oid = s.relid`)
  const extensions = await db.query<ExtensionVersion>(sql`
    select name, installed_version as installed, default_version as available
    from pg_catalog.pg_available_extensions
    where installed_version is not null and default_version is not null`)
  const [since] = await db.query<{ old: boolean | null }>(sql`
    select coalesce(stats_reset, pg_catalog.pg_postmaster_start_time()) < now() - interval '7 days' as old
    from pg_catalog.pg_stat_database where datname = current_database()`)
  return { sequences, indexes, tables, extensions, statisticsAreOld: since?.old === true }
}

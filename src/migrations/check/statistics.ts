import { readFile, writeFile } from 'node:fs/promises'
import { sql, type Queryable } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'

/** How large a database is and how it is used, by which hazards are graded. It names tables and columns, and holds no value of a row. */
export interface TableStatistics {
  /** ISO 8601, in UTC. */
  readonly collectedAt: string
  readonly tables: readonly TableSize[]
  readonly indexes: readonly IndexUse[]
}

/** One table. */
export interface TableSize {
  readonly schema: string
  readonly name: string
  /** As the planner last estimated it; null for a table that was never analysed. */
  readonly rows: number | null
  /** With what is stored out of line, without the indexes. */
  readonly bytes: number
  readonly indexBytes: number
  readonly columns: readonly ColumnSample[]
}

/** What a sample said of one column. */
export interface ColumnSample {
  readonly name: string
  /** The share of rows in which it is null, 0 to 1. */
  readonly nulls: number
  /** How many different values; minus the share of rows where it grows with the table, so -1 when all differ. */
  readonly distinct: number
}

/** One index. */
export interface IndexUse {
  readonly schema: string
  readonly name: string
  readonly table: string
  /** How many scans have used it since the server's statistics were last reset. */
  readonly scans: number
  readonly bytes: number
}

/** Reads what the server knows without looking at any row: a moment, however large the database is. PostgreSQL only. */
export async function readStatistics(session: Queryable): Promise<TableStatistics> {
  const tables = await session.query<TableSize>(sql`
    select
      namespace.nspname as schema,
      class.relname as name,
      case when class.reltuples >= 0 then class.reltuples::float8 end as rows,
      pg_catalog.pg_table_size(class.oid)::float8 as bytes,
      pg_catalog.pg_indexes_size(class.oid)::float8 as "indexBytes",
      coalesce((
        select json_agg(
          json_build_object('name', stats.attname, 'nulls', stats.null_frac, 'distinct', stats.n_distinct)
          order by stats.attname
        )
        from pg_catalog.pg_stats stats
        where stats.schemaname = namespace.nspname and stats.tablename = class.relname
          and stats.inherited = (class.relkind = 'p')
      ), '[]'::json) as columns
    from pg_catalog.pg_class class
    join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
    where class.relkind in ('r', 'p', 'm') and class.relpersistence <> 't'
      and namespace.nspname !~ '^pg_' and namespace.nspname <> 'information_schema'
    order by 1, 2`)
  const indexes = await session.query<IndexUse>(sql`
    select
      stat.schemaname as schema,
      stat.indexrelname as name,
      stat.relname as table,
      stat.idx_scan::float8 as scans,
      pg_catalog.pg_relation_size(stat.indexrelid)::float8 as bytes
    from pg_catalog.pg_stat_user_indexes stat
    order by 1, 2`)
  return { collectedAt: new Date().toISOString(), tables, indexes }
}

/** Writes statistics as JSON, for a check that cannot reach the database. */
export async function saveStatistics(path: string, statistics: TableStatistics): Promise<void> {
  await writeFile(path, `${JSON.stringify(statistics, null, 2)}\n`)
}

/** Reads what `saveStatistics` wrote. Throws `file_unreadable` and `statistics_invalid`. `shown` is the path as people see it. */
export async function loadStatistics(path: string, shown = path): Promise<TableStatistics> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(shown, cause)
  })
  return parseStatistics(text, shown)
}

async function parseStatistics(text: string, shown: string): Promise<TableStatistics> {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw invalid(shown, 'is not JSON')
  }
  const { statisticsSchema } = await import('./statistics-schema.ts')
  const result = statisticsSchema.safeParse(data)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue === undefined || issue.path.length === 0 ? 'its content' : issue.path.join('.')
  throw invalid(shown, `is no file of statistics: ${place} is not what it should be`)
}

function unreadable(shown: string, cause: unknown): MetastoreError {
  return new MetastoreError({
    code: 'file_unreadable',
    message: `The file of statistics ${shown} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}).`,
    where: shown,
    remedy: 'Check the path.',
    cause,
  })
}

function invalid(shown: string, verdict: string): MetastoreError {
  return new MetastoreError({
    code: 'statistics_invalid',
    message: `${shown} ${verdict}.`,
    where: shown,
    remedy: 'Collect the statistics again.',
  })
}

import { id, sql } from '../../database/database.ts'
import { healthy, type DoctorCheck } from '../diagnosis.ts'

/** No index is invalid: a failed concurrent build leaves one that slows writes and answers no query. */
export const indexesCheck: DoctorCheck = {
  name: 'indexes',
  async run({ database, session }) {
    if (!database.features.concurrentIndexes) return []
    const invalid = await session.query<{ schema: string; name: string; table: string }>(sql`
      select n.nspname::text as schema, c.relname::text as name, t.relname::text as table
      from pg_index i
      join pg_class c on c.oid = i.indexrelid
      join pg_class t on t.oid = i.indrelid
      join pg_namespace n on n.oid = c.relnamespace
      where not i.indisvalid and c.relkind = 'i'
        and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
      order by 1, 2`)
    if (invalid.length === 0) return [healthy('indexes', 'Every index is valid.')]
    return invalid.map(({ schema, name, table }) => ({
      check: 'indexes',
      severity: 'warning' as const,
      message: `The index ${schema}.${name} on ${table} is invalid: a concurrent build of it failed.`,
      remedy: `reindex index concurrently ${id(schema, name).inline('postgres')};`,
    }))
  },
}

import { id, join, literal, sql, type Queryable } from '../../database/database.ts'
import type { Table } from '../../catalog/catalog.ts'
import { tableSql } from '../target.ts'

/**
 * Moves the sequences behind columns that rows have given numbers for on to the greatest one, never back: the next row without
 * a number, whoever writes it, would get one that is taken. A sequence that the role may not set is left as it is. For
 * PostgreSQL.
 */
export async function advanceSequences(db: Queryable, table: Table, columns: readonly string[]): Promise<void> {
  const numbered = table.columns.filter(
    (column) => columns.includes(column.name) && (column.identity !== null || column.default?.includes('nextval(')),
  )
  if (numbered.length === 0) return
  const path = literal(id(table.schema, table.name).inline('postgres'))
  const greatest = numbered.map(
    ({ name }) => sql`
      select pg_catalog.pg_get_serial_sequence(${path}, ${literal(name)})::regclass as sequence,
        (select max(${id(name)})::bigint from ${tableSql(table)}) as used`,
  )
  // Rights are asked for first: a place in the sequence is an error for whoever may not read it.
  await db.query(sql`
    select case when has_sequence_privilege(q.sequence, 'usage') and has_sequence_privilege(q.sequence, 'update') then
      case when g.used > coalesce(pg_catalog.pg_sequence_last_value(q.sequence), q.seqmin - 1) then
        pg_catalog.setval(q.sequence, g.used) end end
    from (${join(greatest, ' union all ')}) as g
    join (select *, seqrelid::regclass as sequence from pg_catalog.pg_sequence) as q on q.sequence = g.sequence
    where q.seqincrement > 0 and g.used between q.seqmin and q.seqmax`)
}

import type { Catalog } from '../catalog/catalog.ts'
import { id, sql, type Queryable } from '../database/database.ts'
import type { Progress } from '../progress.ts'

/** How many rows a table has, counted. */
export interface RowCount {
  readonly schema: string
  readonly name: string
  readonly rows: number
}

/** Counts the rows of every table, those of partitions with the table that they belong to. */
export async function countRows(db: Queryable, { tables }: Catalog, progress: Progress): Promise<RowCount[]> {
  const counted = tables.filter(({ kind, partitionOf }) => kind !== 'foreign' && partitionOf === null)
  const task = 'count rows'
  const counts: RowCount[] = []
  progress({ kind: 'begin', task, total: counted.length })
  try {
    for (const [index, { schema, name }] of counted.entries()) {
      progress({ kind: 'advance', task, done: index, label: `${schema}.${name}` })
      const [row] = await db.query<{ rows: number }>(sql`select count(*)::float8 as rows from ${id(schema, name)}`)
      counts.push({ schema, name, rows: row?.rows ?? 0 })
    }
  } finally {
    progress({ kind: 'end', task })
  }
  return counts
}

import { introspect, type Catalog } from '../catalog/catalog.ts'
import { id, sql, type Queryable } from '../database/database.ts'
import type { Engine } from '../migrations/migrations.ts'

/** The rows of each table, by `schema.name`; the bookkeeping is not looked at, and partitions count with their table. */
export type RowCounts = ReadonlyMap<string, number>

/** Counts the rows of every table that people have. Throws where policies would hide some. */
export async function countRows({ session, database }: Engine, stateSchema: string): Promise<RowCounts> {
  return session.transaction(async (tx) => {
    if (database.features.roles) await tx.query(sql`set local row_security = off`)
    const { tables } = await introspect(tx, database.dialect, { excludeSchemas: [stateSchema] })
    return countEach(tx, tables)
  })
}

async function countEach(db: Queryable, tables: Catalog['tables']): Promise<RowCounts> {
  const counts = new Map<string, number>()
  for (const { schema, name, kind, partitionOf } of tables) {
    if (kind === 'foreign' || partitionOf !== null) continue
    const [row] = await db.query<{ rows: number | bigint | string }>(
      sql`select count(*) as rows from ${id(schema, name)}`,
    )
    counts.set(tableKey({ schema, name }), Number(row?.rows ?? 0))
  }
  return counts
}

/** What a table is called in counts. */
export function tableKey({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`
}

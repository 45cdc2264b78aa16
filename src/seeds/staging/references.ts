import { DatabaseError, id, join, literal, sql, type Queryable, type Sql } from '../../database/database.ts'

/** A row to find: in a table (or what stands for it), by columns. */
export interface LookUp {
  readonly from: Sql
  /** What of the row is asked for. */
  readonly select: Sql
  readonly by: readonly { readonly column: string; readonly value: string | null }[]
}

/** What a search for a row found: its value, or why there is none. */
export type Found =
  { readonly value: string } | { readonly missing: 'none' | 'several' | 'null' } | { readonly failed: string }

const batchSize = 200

/** Finds rows, many in one statement. */
export async function lookUpAll(db: Queryable, lookUps: readonly LookUp[]): Promise<Found[]> {
  const found: Found[] = []
  for (let start = 0; start < lookUps.length; start += batchSize) {
    found.push(...(await lookUpBatch(db, lookUps.slice(start, start + batchSize))))
  }
  return found
}

async function lookUpBatch(db: Queryable, lookUps: readonly LookUp[]): Promise<Found[]> {
  try {
    const rows = await inSavepoint(db, () =>
      db.query<{ position: number; value: string | null }>(join(lookUps.map(selectOne), '\nunion all\n')),
    )
    return lookUps.map((_, position) => {
      const [first, second] = rows.filter((row) => row.position === position)
      if (first === undefined) return { missing: 'none' }
      if (second !== undefined && second.value !== first.value) return { missing: 'several' }
      return first.value === null ? { missing: 'null' } : { value: first.value }
    })
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.reason === 'connection_lost' || error.reason === 'canceled')
      throw error
    // One value that is none of its column's type spoils all: which one is told by asking one by one.
    const [only] = lookUps
    if (lookUps.length === 1 && only !== undefined) return [{ failed: error.message }]
    const found: Found[] = []
    for (const lookUp of lookUps) found.push(...(await lookUpBatch(db, [lookUp])))
    return found
  }
}

function selectOne({ from, select, by }: LookUp, position: number): Sql {
  const conditions = by.map(({ column, value }) =>
    value === null ? sql`r.${id(column)} is null` : sql`r.${id(column)} = ${literal(value)}`,
  )
  // In a query of its own, because SQLite has no parentheses around the parts of a union.
  return sql`
    select * from (select ${literal(position)} as position, cast(${select} as text) as value from ${from} as r
    where ${join(conditions, ' and ')} limit 2) as found`
}

/** Does something in a savepoint, so that a failure leaves the transaction usable. */
export async function inSavepoint<T>(db: Queryable, work: () => Promise<T>): Promise<T> {
  await db.script('savepoint metastore_seed')
  try {
    const result = await work()
    await db.script('release savepoint metastore_seed')
    return result
  } catch (error) {
    await db.script('rollback to savepoint metastore_seed; release savepoint metastore_seed').catch(() => {})
    throw error
  }
}

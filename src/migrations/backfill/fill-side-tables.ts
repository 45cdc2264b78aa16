import { failedBecause, id, join, raw, sql } from '../../database/database.ts'
import { retrying } from '../retry.ts'
import { sideTableFailed } from './failures.ts'
import { transact, type Job } from './job.ts'
import type { UpdatePlan } from './plan.ts'
import type { BackfillProgress } from './progress.ts'
import { dropSideTable, keyColumn, type SideTable } from './side-table.ts'

/** Makes sure that all side tables are filled; those that an earlier run has filled are kept. Throws `backfill_failed`. */
export async function fillSideTables(job: Job<UpdatePlan>, progress: BackfillProgress): Promise<BackfillProgress> {
  let filled = progress
  for (const side of job.sides) {
    const expected = filled.sides[side.index]
    if (expected !== undefined && (await holds(job, side, expected))) continue
    filled = await retrying(job.context, () => fill(job, side, filled))
  }
  return filled
}

// A crash of the server empties an unlogged table.
async function holds(job: Job<UpdatePlan>, { schema, name }: SideTable, rows: number): Promise<boolean> {
  try {
    const [found] = await job.context.session.query<{ some: boolean }>(
      sql`select exists (select from ${id(schema, name)}) as some`,
    )
    return found?.some === rows > 0
  } catch (error) {
    if (failedBecause(error, 'missing_object')) return false
    throw error
  }
}

async function fill(job: Job<UpdatePlan>, side: SideTable, progress: BackfillProgress): Promise<BackfillProgress> {
  const { plan } = job
  const query = plan.queries[side.index]
  if (query === undefined || plan.key.length === 0)
    throw new RangeError(`There is no key for a query of ${plan.table}.`)
  const table = id(side.schema, side.name)
  const keys = plan.key.map((column, index) => sql`${id(plan.alias, column)} as ${keyColumn(index)}`)
  try {
    return await transact(job, 'usual', async (tx) => {
      await tx.query(dropSideTable(side))
      // Columns of the keys' own types, so that whatever the query gives is compared as they are.
      await tx.query(sql`
        create unlogged table ${table} as
        select ${join(keys)}, null::${raw(query.type)} as value
        from ${id(plan.schema, plan.table)} as ${id(plan.alias)}
        with no data`)
      const [filled] = await tx.query<{ rows: number }>(sql`
        with filled as (
          insert into ${table}
          ${query.query}
          returning 1
        )
        select count(*) as rows from filled`)
      await tx.query(sql`create unique index on ${table} (${join(plan.key.map((_, index) => keyColumn(index)))})`)
      await tx.query(sql`analyze ${table}`)
      const sides = [...progress.sides]
      sides[side.index] = filled?.rows ?? 0
      const saved = { ...progress, sides }
      tx.beforeCommit(job.save(saved))
      return saved
    })
  } catch (error) {
    throw sideTableFailed(error, plan, side.column)
  }
}

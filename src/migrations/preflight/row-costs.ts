import { seeEveryRow } from '../../catalog/catalog.ts'
import { id, sql, type Transaction } from '../../database/database.ts'
import type { MetastoreError } from '../../errors.ts'
import { problemAt } from '../problems.ts'
import { costStatement } from './binding-statement.ts'
import { fullScans, rowsRead, type FullScan, type PlanNode } from './plan-rows.ts'
import type { Binding, PreflightPlan } from './preflight-plan.ts'
import { setBindingPath, type Scratch } from './scratch.ts'
import { isAboutTheStatement } from './statement-failure.ts'

/** Rows that an expression may read for each row that it is computed for. */
const rowsPerRow = 10_000

interface Explained {
  readonly 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }]
}

/** Expressions that read so many rows for each row that computing them for all would take forever. Runs none of them. */
export async function costProblems(
  tx: Transaction,
  plan: PreflightPlan,
  scratch: Scratch,
  bindings: readonly Binding[],
): Promise<MetastoreError[]> {
  const problems: MetastoreError[] = []
  const sizes = new Map<string, number>()
  for (const binding of bindings) {
    const rows = await explained(tx, plan, scratch, binding, sizes)
    if (rows > rowsPerRow) problems.push(tooManyRows(binding, rows))
  }
  return problems
}

async function explained(
  tx: Transaction,
  plan: PreflightPlan,
  scratch: Scratch,
  binding: Binding,
  sizes: Map<string, number>,
): Promise<number> {
  const end = 'rollback to savepoint metastore_preflight_cost; release savepoint metastore_preflight_cost'
  const path = setBindingPath(scratch, plan, binding, true).inline('postgres')
  // Row security would hide rows; the functions that keep versions in step see all.
  await tx.script(
    `savepoint metastore_preflight_cost; ${path}; ${seeEveryRow().inline('postgres')}; set local max_parallel_workers_per_gather = 0`,
  )
  try {
    const [answer] = await tx.query<Explained>(costStatement(binding))
    const root = answer?.['QUERY PLAN'][0].Plan
    for (const table of root === undefined ? [] : fullScans(root)) await measure(tx, table, sizes)
    await tx.script(end)
    return root === undefined ? 0 : rowsRead(root, (table) => sizes.get(keyOf(table)) ?? 0)
  } catch (error) {
    if (!isAboutTheStatement(error)) throw error
    // To plan is to compute constants, which may fail; whether it does for a row is the backfill's to see.
    await tx.script(end)
    return 0
  }
}

// As the planner sees it, from the size of the file today and what was last counted.
async function measure(tx: Transaction, table: FullScan, sizes: Map<string, number>): Promise<void> {
  if (sizes.has(keyOf(table))) return
  const [answer] = await tx.query<Explained>(
    sql`explain (format json) select from only ${id(table.schema, table.table)}`,
  )
  sizes.set(keyOf(table), answer?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0)
}

function keyOf({ schema, table }: FullScan): string {
  return JSON.stringify([schema, table])
}

function tooManyRows({ key, place }: Binding, rows: number): MetastoreError {
  return problemAt(place, 0, {
    code: 'data_conflict',
    message: `${key} reads about ${rounded(rows)} rows for each row that it is computed for; more than ${rowsPerRow.toLocaleString('en-US')} are refused.`,
    remedy:
      'Give the action backfill = "<query that gives the key columns and value>", which runs once for all rows; or make an index first that the sub-query can use.',
  })
}

function rounded(rows: number): string {
  return Number(rows.toPrecision(2)).toLocaleString('en-US')
}

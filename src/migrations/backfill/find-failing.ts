import { id, join, sql, type DatabaseError, type Sql } from '../../database/database.ts'
import type { MetastoreError } from '../../errors.ts'
import { retrying } from '../retry.ts'
import { rowFailed } from './failures.ts'
import { isRowFailure, transact, type Job } from './job.ts'
import type { Relation } from './relations.ts'
import { isAmong, type Rows } from './rows.ts'
import { assignmentsOf, statementFor, updateRows } from './statements.ts'

/** Where a statement failed. */
export interface Spot {
  readonly relation: Relation
  readonly rows: Rows
}

/** Finds the row that a statement of a batch failed for, by halving the batch, and says what is wrong with it. */
export async function explainFailure(
  job: Job,
  { relation, rows }: Spot,
  error: DatabaseError,
): Promise<MetastoreError> {
  const place = await failingPlace(job, relation, await placesOf(job, relation, rows))
  if (place === null) return rowFailed(error, job.plan, { column: null, row: null })
  const one: Rows = { kind: 'places', places: [place] }
  const own = (await failureOf(job, statementFor(job, relation, one, 'wait'))) ?? error
  const { column, failure } = await failingColumn(job, relation, one)
  return rowFailed(failure ?? own, job.plan, { column, row: await describeRow(job, relation, one) })
}

async function placesOf(job: Job, relation: Relation, rows: Rows): Promise<string[]> {
  if (rows.kind === 'places') return [...rows.places]
  const { alias } = job.plan
  const pending = job.plan.kind === 'update' ? sql` and ${id(alias, job.plan.pending)}` : sql``
  const statement = sql`
    select ${id(alias)}.ctid::text as place
    from only ${id(relation.schema, relation.name)} as ${id(alias)}
    where ${isAmong(rows, alias, relation, job.scans)}${pending}`
  const found = await transact(job, 'usual', (tx) => tx.query<{ place: string }>(statement))
  return found.map(({ place }) => place)
}

async function failingPlace(job: Job, relation: Relation, places: readonly string[]): Promise<string | null> {
  let candidates = places
  while (candidates.length > 1) {
    const half = candidates.slice(0, candidates.length / 2)
    const failure = await failureOf(job, statementFor(job, relation, { kind: 'places', places: half }, 'wait'))
    candidates = failure === undefined ? candidates.slice(half.length) : half
  }
  return candidates[0] ?? null
}

async function failingColumn(
  job: Job,
  relation: Relation,
  rows: Rows,
): Promise<{ column: string | null; failure?: DatabaseError }> {
  for (const { column, statement } of eachColumn(job, relation, rows)) {
    const failure = await failureOf(job, statement)
    if (failure !== undefined) return { column, failure }
  }
  return { column: null }
}

function eachColumn(job: Job, relation: Relation, rows: Rows): { column: string; statement: Sql }[] {
  const { plan, scans, sides } = job
  if (plan.kind === 'derive') {
    return plan.values.map(({ column, value }) => ({ column, statement: readRow(job, relation, rows, [value]) }))
  }
  return assignmentsOf(plan, sides).map((assignment) => ({
    column: assignment.column,
    statement: updateRows({ plan, scans, sides }, relation, rows, 'wait', [assignment]),
  }))
}

// In a transaction that is rolled back: what failed before may succeed now, and then nothing of it may stay.
async function failureOf(job: Job, statement: Sql): Promise<DatabaseError | undefined> {
  const undo = new Error('The attempt is undone.')
  try {
    await retrying(job.context, () =>
      transact(job, 'usual', async (tx) => {
        await tx.query(statement)
        throw undo
      }),
    )
  } catch (error) {
    if (error === undo) return undefined
    if (isRowFailure(error)) return error
    throw error
  }
  return undefined
}

const longestValue = 80

async function describeRow(job: Job, relation: Relation, rows: Rows): Promise<string> {
  const key = job.plan.kind === 'update' ? job.plan.key : await primaryKey(job, relation)
  const columns = key.length === 0 ? [sql`${id(job.plan.alias)}.ctid`] : key.map((column) => id(job.plan.alias, column))
  const texts = columns.map((column) => sql`${column}::text`)
  const statement = readRow(job, relation, rows, [sql`array[${join(texts)}] as values`])
  const [row] = await transact(job, 'usual', (tx) => tx.query<{ values: (string | null)[] }>(statement))
  const names = key.length === 0 ? ['ctid'] : key
  return names.map((name, index) => `${name} = ${shortened(row?.values[index] ?? 'unknown')}`).join(' and ')
}

function shortened(value: string): string {
  return value.length > longestValue ? `${value.slice(0, longestValue - 1)}…` : value
}

function readRow({ plan, scans }: Job, relation: Relation, rows: Rows, values: readonly Sql[]): Sql {
  return sql`
    select ${join(values)}
    from only ${id(relation.schema, relation.name)} as ${id(plan.alias)}
    where ${isAmong(rows, plan.alias, relation, scans)}`
}

async function primaryKey({ context }: Job, { oid }: Relation): Promise<string[]> {
  const columns = await context.session.query<{ name: string }>(sql`
    select a.attname::text as name
    from pg_catalog.pg_index i
    cross join unnest(i.indkey::int2[]) with ordinality as part (number, place)
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = part.number
    where i.indrelid = ${oid}::oid and i.indisprimary
    order by part.place`)
  return columns.map(({ name }) => name)
}

import { id, raw, sql, type Queryable, type Sql } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { toJson } from './format/nodes/value-node.ts'
import { inSavepoint } from './staging/references.ts'
import type { Expectation } from './format/seed-document.ts'
import type { ExpectationResult } from './seed-options.ts'

/** An expectation and its place. */
export interface PlacedExpectation {
  readonly expectation: Expectation
  /** `file:line:column`. */
  readonly where: string
}

/** Looks, in a transaction, whether what is expected is so. A query that fails is an expectation that is not met. */
export async function checkExpectations(
  db: Queryable,
  expectations: readonly PlacedExpectation[],
  path: (table: string) => readonly string[],
): Promise<ExpectationResult[]> {
  const results: ExpectationResult[] = []
  for (const { expectation, where } of expectations) {
    const { name, check } = expectation
    const expected =
      check.kind === 'count' ? count(check.count) : check.kind === 'equals' ? toJson(check.value) : toJson(check.rows)
    const found = await findOut(db, expectation, path)
    results.push({ name, where, expected, found, ok: normal(found) === normal(expected) })
  }
  return results
}

function count(rows: number): string {
  return `${rows} ${rows === 1 ? 'row' : 'rows'}`
}

async function findOut(
  db: Queryable,
  { check }: Expectation,
  path: (table: string) => readonly string[],
): Promise<string> {
  try {
    if (check.kind === 'count') {
      const where: Sql = check.where === null ? sql`` : sql` where ${raw(check.where)}`
      const [row] = await inSavepoint(db, () =>
        db.query<{ rows: number | bigint }>(sql`select count(*) as rows from ${id(...path(check.table))}${where}`),
      )
      return count(Number(row?.rows ?? 0))
    }
    const rows = await inSavepoint(db, () => db.query(raw(check.query)))
    const lists = rows.map((row) => Object.values(row))
    if (check.kind === 'rows')
      return json(check.rows.kind === 'list' && check.rows.items[0]?.kind === 'list' ? lists : rows)
    const [first] = lists
    return first === undefined ? 'no row' : json(first[0])
  } catch (error) {
    if (!(error instanceof MetastoreError)) throw error
    return `a failure: ${error.message}`
  }
}

function json(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? one.toString() : one)) ?? 'null'
}

// Numbers that the driver gives as text, such as numeric, are equal to the number that the file says.
function normal(text: string): string {
  return text.replaceAll(/"(-?\d+(?:\.\d+)?)"/g, '$1')
}

/** The failure of a set that is not as expected: the first, with all others. */
export function expectationFailure(set: string, failed: readonly ExpectationResult[]): MetastoreError {
  const lines = failed.map(
    ({ name, where, expected, found }) => `${where}: ${name}: expected ${expected}, found ${found}`,
  )
  const [first] = failed
  return new MetastoreError({
    code: 'seed_expectation_failed',
    message: `The seed set ${set} was applied, and ${failed.length === 1 ? 'an expectation of it is' : `${failed.length} expectations of it are`} not met.`,
    where: first?.where,
    remedy: 'Correct the seeds, or what is expected of them, and run again; what was applied stays.',
    details: lines,
  })
}

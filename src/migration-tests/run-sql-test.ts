import { DatabaseError, raw, type Queryable } from '../database/database.ts'
import type { MetastoreError } from '../errors.ts'
import { problemAt } from '../migrations/test-sources.ts'
import type { Expectation, SqlTest, TestItem } from './migration-test.ts'

type Statement = Extract<TestItem, { kind: 'statement' }>

/** Whether a test only looks at one state, so that a transaction can undo all that it does. */
export function staysInState({ items }: SqlTest): boolean {
  return items.every(({ kind }) => kind === 'statement')
}

/** Runs one statement of a test, with a savepoint where it is in a transaction. Throws `test_failed`. */
export async function runStatement(
  db: Queryable,
  test: SqlTest,
  statement: Statement,
  inTransaction: boolean,
): Promise<void> {
  const { expected, text } = statement
  const savepoint = inTransaction && expected?.kind === 'error'
  if (savepoint) await db.script('savepoint metastore_test')
  let rows: readonly Readonly<Record<string, unknown>>[]
  try {
    rows = await db.query(raw(text))
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    if (savepoint) await db.script('rollback to savepoint metastore_test')
    if (expected?.kind === 'error' && error.engineCode === expected.code) return
    const wanted = expected?.kind === 'error' ? `, where error ${expected.code} was expected` : ''
    throw failed(test, statement, `It fails with ${error.engineCode ?? 'an error'}${wanted}: ${error.message}`)
  }
  const fault = faultIn(rows, expected, text)
  if (fault !== undefined) throw failed(test, statement, fault)
}

// A query of which nothing is said asserts: what it gives must be true, and be something.
function faultIn(
  rows: readonly Readonly<Record<string, unknown>>[],
  expected: Expectation | null,
  text: string,
): string | undefined {
  if (expected?.kind === 'error') return `It works, where error ${expected.code} was expected.`
  if (expected?.kind === 'rows') {
    return rows.length === expected.count
      ? undefined
      : `It gives ${rowsOf(rows.length)}, where ${rowsOf(expected.count)} were expected.`
  }
  if (!/^\s*(select|with|values|table|\()/i.test(text)) return undefined
  if (rows.length === 0) return 'It gives no row, so it proves nothing; say "-- expect: no rows" where that is meant.'
  for (const [index, row] of rows.entries()) {
    const wrong = Object.entries(row).find(([, value]) => value === false || value === null)
    if (wrong !== undefined) {
      return `${wrong[0]} is ${String(wrong[1])}${rows.length > 1 ? ` in row ${index + 1}` : ''}, and must be true.`
    }
  }
  return undefined
}

function rowsOf(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`
}

function failed({ path, source }: SqlTest, { offset }: Statement, message: string): MetastoreError {
  return problemAt({ path, source, offset: 0 }, offset, {
    code: 'test_failed',
    message,
    remedy: 'Mend the migration or the test.',
  })
}

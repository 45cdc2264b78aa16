import { id, sql } from '../../database/database.ts'
import { problemAt, type Place } from '../problems.ts'
import type { DataCheck } from './preflight-plan.ts'

/** A table that must be empty, because nothing says what its rows would get. */
export function emptyTableCheck(check: {
  readonly schema: string
  readonly table: string
  /** As the file calls it. */
  readonly name: string
  readonly label: string
  readonly place: Place
}): DataCheck {
  const { schema, table, name, label, place } = check
  return {
    label,
    query: sql`select 1 as found from ${id(schema, table)} limit 1`,
    problem: () =>
      problemAt(place, 0, {
        code: 'data_conflict',
        message: `Table ${name} has rows, and nothing says what they get in the new column.`,
        remedy: 'Add a default to the column, or up = "<SQL>" to the action.',
      }),
  }
}

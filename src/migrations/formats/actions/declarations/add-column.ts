import { defineAction } from '../declaration.ts'
import { name, sqlText } from '../schema.ts'
import { column, expressionOrCross, upErrors } from '../structures.ts'

/** A new column. */
export const addColumn = defineAction({
  type: 'add_column',
  summary: 'adds a column to a table',
  keys: {
    table: name('the table'),
    column: column.describe('the column'),
    up: expressionOrCross(
      'its value in the rows there are and in those that old sessions write: an expression over the row, or a value from another table',
    ).optional(),
    on_insert: sqlText(
      'expression',
      'its value in rows that old sessions insert, where `up` reads the table itself',
    ).optional(),
    up_errors: upErrors(),
    backfill: sqlText(
      'query',
      'a query that gives the key columns of the table and `value`, used instead of `up` for the rows there are',
    ).optional(),
  },
  template: { table: 'TABLE', up: 'EXPRESSION', column: { name: 'COLUMN', type: 'TYPE', nullable: false } },
})

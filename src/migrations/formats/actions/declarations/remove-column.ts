import { defineAction } from '../declaration.ts'
import { name } from '../schema.ts'
import { expressionOrCross } from '../structures.ts'

/** The end of a column. */
export const removeColumn = defineAction({
  type: 'remove_column',
  summary: 'removes a column with its values',
  keys: {
    table: name('the table'),
    column: name('the column'),
    down: expressionOrCross(
      'its value in rows that new sessions write, for old sessions to read: an expression over the row, or a value from another table',
    ).optional(),
  },
  template: { table: 'TABLE', column: 'COLUMN', down: 'EXPRESSION' },
})

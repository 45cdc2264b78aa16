import * as z from 'zod'
import { defineAction } from '../declaration.ts'
import { name, sqlText, structure, text } from '../schema.ts'
import { upErrors } from '../structures.ts'

const changes = structure('Changes', {
  name: name('its new name').optional(),
  type: sqlText('type', 'its new type').optional(),
  nullable: z.boolean().describe('whether it takes NULL from now on').optional(),
  default: sqlText('expression', 'its new default, as SQL').optional(),
  comment: text('its new comment').optional(),
})

/** A change of a column, or of what is in it. */
export const alterColumn = defineAction({
  type: 'alter_column',
  summary: 'changes a column: its name, type, default, whether it takes NULL, or its values',
  keys: {
    table: name('the table'),
    column: name('the column, by its present name'),
    up: sqlText('expression', 'the new value, from the old row; the column itself unless said').optional(),
    down: sqlText(
      'expression',
      'the old value, from the row in which the column holds the new one; the column itself unless said',
    ).optional(),
    changes: changes.describe('what changes; nothing but values unless said').optional(),
    on_insert: sqlText(
      'expression',
      'the new value in rows that old sessions insert, where `up` reads the table itself',
    ).optional(),
    up_errors: upErrors(),
    backfill: sqlText(
      'query',
      'a query that gives the key columns of the table and `value`, used instead of `up` for the rows there are',
    ).optional(),
  },
  template: { table: 'TABLE', column: 'COLUMN', up: 'EXPRESSION', down: 'EXPRESSION', changes: { type: 'TYPE' } },
})

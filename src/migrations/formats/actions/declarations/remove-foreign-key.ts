import { defineAction } from '../declaration.ts'
import { name } from '../schema.ts'

/** The end of a foreign key. */
export const removeForeignKey = defineAction({
  type: 'remove_foreign_key',
  summary: 'removes a foreign key',
  keys: { table: name('the table that refers'), foreign_key: name('the name of the constraint') },
  template: { table: 'TABLE', foreign_key: 'TABLE_COLUMN_fkey' },
})

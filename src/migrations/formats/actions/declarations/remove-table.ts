import { defineAction } from '../declaration.ts'
import { name } from '../schema.ts'

/** The end of a table. */
export const removeTable = defineAction({
  type: 'remove_table',
  summary: 'removes a table with its rows',
  keys: { table: name('the table') },
  template: { table: 'TABLE' },
})

import { defineAction } from '../declaration.ts'
import { name } from '../schema.ts'

/** The end of a check. */
export const removeCheck = defineAction({
  type: 'remove_check',
  summary: 'removes a check',
  keys: { table: name('the table'), check: name('the name of the constraint') },
  template: { table: 'TABLE', check: 'CHECK' },
})

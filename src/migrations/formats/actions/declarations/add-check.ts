import { defineAction } from '../declaration.ts'
import { name } from '../schema.ts'
import { namedCheck } from '../structures.ts'

/** A new check. */
export const addCheck = defineAction({
  type: 'add_check',
  summary: 'adds a check, and looks at the rows there are while they are written to',
  keys: { table: name('the table'), check: namedCheck.describe('the check') },
  template: { table: 'TABLE', check: { name: 'CHECK', expression: 'CONDITION' } },
})

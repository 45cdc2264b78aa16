import { defineAction } from '../declaration.ts'
import { name } from '../schema.ts'

/** A new name for a table. */
export const renameTable = defineAction({
  type: 'rename_table',
  summary: 'gives a table another name',
  keys: { table: name('the table'), new_name: name('its new name') },
  template: { table: 'TABLE', new_name: 'NEW_NAME' },
})

import { defineAction } from '../declaration.ts'
import { name } from '../schema.ts'

/** The end of an enum. */
export const removeEnum = defineAction({
  type: 'remove_enum',
  summary: 'removes an enum',
  keys: { enum: name('the enum') },
  template: { enum: 'ENUM' },
})

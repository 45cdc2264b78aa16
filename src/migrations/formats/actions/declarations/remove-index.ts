import { defineAction } from '../declaration.ts'
import { name } from '../schema.ts'

/** The end of an index. */
export const removeIndex = defineAction({
  type: 'remove_index',
  summary: 'removes an index',
  keys: { index: name('the index') },
  template: { index: 'INDEX' },
})

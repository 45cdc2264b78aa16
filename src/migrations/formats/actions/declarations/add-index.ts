import { defineAction } from '../declaration.ts'
import { name } from '../schema.ts'
import { index } from '../structures.ts'

/** A new index. */
export const addIndex = defineAction({
  type: 'add_index',
  summary: 'builds an index while the table is written to',
  keys: { table: name('the table'), index: index.describe('the index') },
  template: { table: 'TABLE', index: { name: 'INDEX', columns: ['COLUMN'] } },
})

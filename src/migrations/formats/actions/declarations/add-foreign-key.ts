import { defineAction } from '../declaration.ts'
import { name } from '../schema.ts'
import { foreignKey } from '../structures.ts'

/** A new foreign key. */
export const addForeignKey = defineAction({
  type: 'add_foreign_key',
  summary: 'adds a foreign key, and checks the rows there are while they are written to',
  keys: { table: name('the table that refers'), foreign_key: foreignKey.describe('the foreign key') },
  template: {
    table: 'TABLE',
    foreign_key: { columns: ['COLUMN'], referenced_table: 'OTHER_TABLE', referenced_columns: ['id'] },
  },
})

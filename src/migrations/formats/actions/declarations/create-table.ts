import * as z from 'zod'
import { defineAction } from '../declaration.ts'
import { listOf, name, text } from '../schema.ts'
import { check, column, derivedRows, foreignKey } from '../structures.ts'

/** A new table. */
export const createTable = defineAction({
  type: 'create_table',
  summary: 'makes a table',
  keys: {
    name: name('its name'),
    columns: listOf(column, 'its columns, in this order'),
    primary_key: z
      .union([name('the only column'), listOf(name('a column'), 'the columns')])
      .transform((columns) => (typeof columns === 'string' ? [columns] : columns))
      .describe('the columns of its primary key: a list, or the name of the only one'),
    foreign_keys: z.array(foreignKey).describe('its foreign keys').optional(),
    checks: z.array(check).describe('its checks').optional(),
    comment: text('its comment').optional(),
    up: derivedRows
      .describe('the table whose rows it is filled from, now and as long as old sessions write')
      .optional(),
  },
  template: {
    name: 'TABLE',
    primary_key: ['id'],
    columns: [
      { name: 'id', type: 'BIGINT', generated: 'ALWAYS AS IDENTITY' },
      { name: 'COLUMN', type: 'TYPE', nullable: false },
    ],
  },
})

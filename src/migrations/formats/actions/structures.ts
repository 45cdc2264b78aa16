import * as z from 'zod'
import { choice, judgedTable, listOf, name, sqlText, structure, text } from './schema.ts'

/** A column that an action makes. */
export const column = structure('Column', {
  name: name('its name'),
  type: sqlText('type', 'its type, such as `NUMERIC(12,2)` or `TEXT[]`'),
  nullable: z
    .boolean()
    .describe('whether it takes NULL; true unless said, and never for a column of the primary key')
    .optional(),
  default: sqlText('expression', "its default, as SQL: `0`, `now()`, `'draft'`").optional(),
  generated: sqlText(
    'generation',
    'what SQL has after GENERATED: `ALWAYS AS IDENTITY`, `ALWAYS AS (a + b) STORED`',
  ).optional(),
  comment: text('its comment').optional(),
})

const referentialActions = ['NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT'] as const

/** A foreign key that an action makes. */
export const foreignKey = judgedTable(
  structure('Foreign key', {
    columns: listOf(name('a column'), 'the columns that refer'),
    referenced_table: name('the table they refer to'),
    referenced_columns: listOf(name('a column'), 'the columns there, as many and in the same order'),
    on_delete: choice(referentialActions, 'what happens when the row referred to is deleted').optional(),
    on_update: choice(referentialActions, 'what happens when its key changes').optional(),
  }),
  ({ columns, referenced_columns: referenced }) =>
    lengthOf(columns) * lengthOf(referenced) === 0 || lengthOf(columns) === lengthOf(referenced),
  {
    verdict: 'must have as many columns as referenced_columns',
    remedy: 'Name for each column the one that it refers to, in the same order.',
  },
)

// What is empty or no list has been complained of already.
function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0
}

/** A key of an index that is more than the name of a column. */
const indexKey = judgedTable(
  structure('Index key', {
    column: name('the column').optional(),
    expression: sqlText('expression', 'the expression, instead of a column').optional(),
    direction: choice(['ASC', 'DESC'], 'its order; `ASC` unless said').optional(),
    nulls: choice(['FIRST', 'LAST'], 'where NULL stands; `LAST` unless said, `FIRST` when descending').optional(),
  }),
  ({ column: named, expression }) => (named === undefined) !== (expression === undefined),
  { verdict: 'must have either column or expression', remedy: 'Write the one that the index is on.' },
)

/** An index that an action makes. */
export const index = structure('Index', {
  name: name('its name'),
  columns: listOf(
    z
      .union([name('a column'), indexKey])
      .transform((key) => (typeof key === 'string' ? { column: key } : key))
      .describe('a column by its name, or an index key'),
    'what it is on, in this order: columns by their names, or index keys',
  ),
  unique: z.boolean().describe('whether it refuses duplicates; false unless said').optional(),
  type: choice(['btree', 'hash', 'gist', 'spgist', 'gin', 'brin'], 'its kind; `btree` unless said').optional(),
  where: sqlText('expression', 'the condition of a partial index').optional(),
})

/** A check that an action makes. */
export const check = structure('Check', {
  name: name('its name; made from the table unless said').optional(),
  expression: sqlText('expression', 'what must be true of every row'),
})

/** A check whose name somebody has to say. */
export const namedCheck = structure('Named check', {
  name: name('its name'),
  expression: sqlText('expression', 'what must be true of every row'),
})

const crossTable = structure('Value from another table', {
  table: name('the table that the value comes from'),
  value: sqlText('expression', 'the value, over the columns of both tables'),
  where: sqlText('expression', 'which of its rows belongs to a row of the table that is changed'),
})

/** An expression over the row itself, or a value that comes from another table. */
export function expressionOrCross(description: string) {
  return z.union([sqlText('expression', 'the expression'), crossTable]).describe(description)
}

/** Where the rows of a new table come from. */
export const derivedRows = structure('Derived rows', {
  table: name('the table that they come from'),
  values: z
    .record(z.string(), sqlText('expression', 'the value'))
    .describe('for each column of the new table an expression over a row of that one'),
  upsert_constraint: name(
    'the unique or primary key constraint by which a row is recognised; the primary key unless said',
  ).optional(),
  where: z
    .string()
    .meta({ description: 'does nothing, and is accepted because published files have it', deprecated: true })
    .optional(),
  on_source_delete: choice(
    ['keep', 'delete'],
    'whether a row stays when its source row is deleted; `keep` unless said',
  ).optional(),
})

/** What happens when `up` fails. */
export function upErrors() {
  return choice(
    ['fail', 'defer'],
    'what happens when `up` fails on a row that an old session writes: the write fails, as it does unless said, or the row waits and completion with it',
  ).optional()
}

import { defineAction } from '../declaration.ts'
import { label, listOf, name, sqlText, structure } from '../schema.ts'

const addedLabel = structure('Added label', {
  value: label('the new label'),
  down: sqlText('expression', "the old label that old sessions read in its place, as SQL: `'pending'`"),
})

/** New labels of an enum. */
export const alterEnum = defineAction({
  type: 'alter_enum',
  summary: 'adds labels to an enum',
  keys: { name: name('the enum'), add: listOf(addedLabel, 'the labels, which come after those there are') },
  template: { name: 'ENUM', add: [{ value: 'NEW_LABEL', down: "'OLD_LABEL'" }] },
})

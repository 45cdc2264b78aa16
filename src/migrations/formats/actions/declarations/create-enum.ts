import * as z from 'zod'
import { defineAction } from '../declaration.ts'
import { label, name } from '../schema.ts'

/** A new enum. */
export const createEnum = defineAction({
  type: 'create_enum',
  summary: 'makes an enum',
  keys: { name: name('its name'), values: z.array(label('a label')).describe('its labels, in their order') },
  template: { name: 'ENUM', values: ['LABEL', 'OTHER_LABEL'] },
})

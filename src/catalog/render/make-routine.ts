import { raw } from '../../database/sql.ts'
import type { CatalogObject } from '../objects.ts'
import { furnish, type Making } from './making.ts'
import { type RenderedStatement, statement } from './statement.ts'

/** A function, procedure or aggregate. */
export function makeRoutine(making: Making, object: CatalogObject & { readonly kind: 'routine' }): RenderedStatement[] {
  return [statement(object, 'create', raw(object.value.definition)), ...furnish(making, object)]
}

import type { Difference } from '../diff/compare.ts'
import type { CatalogObject, ObjectValues } from '../objects.ts'
import type { RenderedStatement } from './statement.ts'

/** A difference between an object and what it should be. */
export interface Altered<Kind extends CatalogObject['kind']> {
  readonly difference: Difference
  /** As it should be. */
  readonly object: CatalogObject & { readonly kind: Kind }
  readonly value: ObjectValues[Kind]
  readonly before: ObjectValues[Kind]
}

/** What brings an object to what it should be, and why some of it cannot be brought there. */
export interface Alteration {
  readonly statements: readonly RenderedStatement[]
  readonly unrendered: readonly string[]
}

import type { NotNullConstraint } from '../constraint.ts'
import { objectKey } from '../object.ts'
import type { CatalogObject } from '../objects.ts'
import type { Graph } from './plan.ts'

/**
 * The constraint of another name that says the same of the same column, in the other catalog and only there. A column of a
 * primary key cannot be without one, so it is given its name instead of being made anew.
 */
export function otherName(object: CatalogObject, own: Graph, other: Graph): NotNullConstraint | undefined {
  if (object.kind !== 'constraint' || object.value.kind !== 'not_null') return undefined
  const { column, definition } = object.value
  const table = other.objects.get(object.partOf ?? '')
  if (table?.kind !== 'table' || other.objects.has(object.key)) return undefined
  const found = table.value.constraints.find(
    (each) => each.kind === 'not_null' && each.column === column && each.definition === definition,
  )
  const key = objectKey('constraint', [...object.path.slice(0, 2), found?.name ?? ''])
  return found?.kind === 'not_null' && !own.objects.has(key) ? found : undefined
}

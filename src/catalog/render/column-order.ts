import { orderChange } from '../diff/properties.ts'
import { objectKey } from '../object.ts'
import type { ObjectIdentity } from '../objects.ts'
import type { Building } from './building.ts'

/** The columns that come to stand elsewhere than expected, because a new one is always the last; `order` is that of operations. */
export function misplacedColumns(
  { plan, expected, actual }: Building,
  order: readonly string[],
): { object: ObjectIdentity; reason: string }[] {
  const places = new Map(order.map((id, place) => [id, place]))
  return expected.catalog.tables.flatMap((table) => {
    const path = [table.schema, table.name]
    const before = actual.objects.get(objectKey('table', path))
    if (before?.kind !== 'table' || plan.made.has(before.key)) return []
    const keyOf = ({ name }: { readonly name: string }) => objectKey('column', [...path, name])
    const placeOf = (column: { readonly name: string }) => places.get(`make ${keyOf(column)}`) ?? 0
    const fresh = table.columns
      .filter((column) => plan.made.has(keyOf(column)))
      .sort((left, right) => placeOf(left) - placeOf(right))
    const kept = before.value.columns.filter((column) => !plan.dropped.has(keyOf(column)))
    const [first] = fresh
    if (first === undefined || orderChange('', table.columns, [...kept, ...fresh]).length === 0) return []
    // What is out of order already is told with the table.
    if (orderChange('', table.columns, before.value.columns).length > 0) return []
    const object = expected.objects.get(keyOf(first))
    return object === undefined
      ? []
      : [{ object, reason: 'A new column comes last, where others are expected after it.' }]
  })
}

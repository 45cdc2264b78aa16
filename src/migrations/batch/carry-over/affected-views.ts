import type { ObjectName, View } from '../../../catalog/catalog.ts'
import { type Carrying, rewriteForAll, type RewrittenForAll } from './carrying.ts'
import { relationKey } from './printed-sql.ts'

/** A view that cannot stay while a column is replaced. */
export interface AffectedView {
  readonly view: View
  readonly definition: RewrittenForAll
}

/**
 * The views that read replaced columns, and the views that read those, each after all that it reads. Those of the old
 * version are gone by then.
 */
export function affectedViews(carryings: readonly Carrying[]): readonly AffectedView[] {
  const [first] = carryings
  const rest = (first?.catalog.views ?? [])
    .filter(({ schema }) => schema !== first?.oldSchema)
    .map((view) => ({ view, definition: rewriteForAll(carryings, printedView(view), 'temporary') }))
  const affected = new Map<string, AffectedView>()
  const touches = ({ definition: { touched, reads } }: AffectedView) =>
    touched.length > 0 || [...reads].some((key) => affected.has(key))
  for (let before = -1; before < affected.size;) {
    before = affected.size
    for (const each of rest) if (touches(each)) affected.set(relationKey(each.view), each)
  }
  return inOrder(affected)
}

/** A view's query, without the semicolon that ends it. */
export function printedView({ definition }: Pick<View, 'definition'>) {
  return { text: definition.replace(/;\s*$/, ''), kind: 'query', row: null } as const
}

/** Whether one of the relations is read. */
export function readsAny(reads: ReadonlySet<string>, relations: readonly ObjectName[]): boolean {
  return relations.some((relation) => reads.has(relationKey(relation)))
}

function inOrder(affected: ReadonlyMap<string, AffectedView>): readonly AffectedView[] {
  const ordered = new Map<string, AffectedView>()
  const add = (key: string): void => {
    const each = affected.get(key)
    if (each === undefined || ordered.has(key)) return
    // A view cannot read itself, so this ends.
    for (const read of each.definition.reads) if (read !== key) add(read)
    ordered.set(key, each)
  }
  for (const key of affected.keys()) add(key)
  return [...ordered.values()]
}

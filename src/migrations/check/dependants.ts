import type { Scene } from './scene.ts'
import { shown, type ObjectRef } from './tree.ts'

/** What depends on a table and would go with it, for people; undefined without a catalog. */
export function dependantsOf(
  ref: ObjectRef,
  { catalog, schema }: Pick<Scene, 'catalog' | 'schema'>,
): string[] | undefined {
  if (catalog === undefined) return undefined
  const isIt = (one: { readonly schema: string; readonly name: string }) =>
    one.name === ref.name && one.schema === (ref.schema ?? schema)
  const keys = catalog.tables
    .filter((table) => !isIt(table))
    .flatMap((table) =>
      table.constraints.flatMap((one) =>
        one.kind === 'foreign_key' && isIt(one.references) ? [`the foreign key ${one.name} of ${shown(table)}`] : [],
      ),
    )
  const partitions = catalog.tables
    .filter(({ partitionOf, inherits }) => (partitionOf && isIt(partitionOf.parent)) === true || inherits.some(isIt))
    .map((table) => `the table ${shown(table)}`)
  // A view's query is text here: a name in it is a hint, good enough to say what to look at.
  const word = new RegExp(`(?<![\\w"])"?${ref.name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}"?(?![\\w"])`)
  const views = catalog.views.filter(({ definition }) => word.test(definition)).map((view) => `the view ${shown(view)}`)
  return [...keys, ...partitions, ...views]
}

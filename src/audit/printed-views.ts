import { findView, type Catalog } from '../catalog/catalog.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { onReplayedDatabase, type ReplayOptions } from '../shadow/shadow.ts'

/**
 * Keys of views whose definitions differ only in how the two servers print them: two major versions write most views
 * differently. The one that is there is made once more on the throw-away database, and printed by that.
 */
export async function viewsPrintedAlike(
  { expected, actual }: { readonly expected: Catalog; readonly actual: Catalog },
  files: readonly MigrationFile[],
  options: ReplayOptions,
): Promise<ReadonlySet<string>> {
  const different = actual.views.flatMap((view) => {
    const wanted = findView(expected, view)
    return wanted === undefined || wanted.definition === view.definition ? [] : [{ view, wanted }]
  })
  if (different.length === 0) return new Set()
  return onReplayedDatabase(files, options, async (database) => {
    const alike = new Set<string>()
    for (const { view, wanted } of different) {
      const printed = await database.printQuery(view.definition)
      if (printed === wanted.definition) alike.add(JSON.stringify([view.schema, view.name]))
    }
    return alike
  })
}

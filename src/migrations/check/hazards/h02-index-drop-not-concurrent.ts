import { actionFile } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { behindWord, fixOutside } from '../rewrites.ts'
import { dropped, shown } from '../tree.ts'

/** An index that is dropped while nobody can read. */
export const indexDropNotConcurrent: Hazard = {
  id: 'H02',
  code: 'index_drop_not_concurrent',
  title: 'an index dropped without CONCURRENTLY',
  severity: 'P1',
  why: 'DROP INDEX takes an ACCESS EXCLUSIVE lock on the table, and keeps it until the transaction ends: everybody waits, readers as well.',
  remedy:
    'Drop it with DROP INDEX CONCURRENTLY in a file with the line "-- metastore: no-transaction", or with the action remove_index.',
  silence:
    'For an index that is new in the same file or among the pending ones, and for one of a partitioned table, where CONCURRENTLY is refused.',
  needs: ['S', 'C'],
  detect(statement, scene) {
    const { node } = statement
    const indexes = dropped(node, 'OBJECT_INDEX')
    if ('DropStmt' in node && node.DropStmt.concurrent) return []
    return indexes
      .filter((index) => !scene.isNewIndex(index) && scene.index(index)?.table.kind !== 'partitioned')
      .map((index) => {
        const isOfTable = scene.catalog === undefined || scene.index(index) !== undefined
        const isSayable = isOfTable && (index.schema === null || index.schema === scene.schema)
        const alone = indexes.length === 1
        return {
          object: shown(index),
          message: `Everybody who uses the table of ${shown(index)} waits for the end of this transaction.`,
          asAction: alone && isSayable ? actionFile({ type: 'remove_index', index: index.name }) : undefined,
          fix: alone
            ? fixOutside(statement, scene, 'Drop the index concurrently.', [
                behindWord(statement, 'index', 'concurrently'),
              ])
            : undefined,
        }
      })
  },
}

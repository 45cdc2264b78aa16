import { addIndexAction, indexName } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { quoted } from '../key-by-index.ts'
import { behindWord, fixOutside } from '../rewrites.ts'
import { refOf, shown } from '../tree.ts'

/** An index that is built while nobody can write. A partitioned table has a rule of its own, since CONCURRENTLY is refused there. */
export const indexNotConcurrent: Hazard = {
  id: 'H01',
  code: 'index_not_concurrent',
  title: 'an index built without CONCURRENTLY',
  severity: 'P1',
  why: 'CREATE INDEX takes a SHARE lock, and every insert, update and delete of the table waits until the whole index is built.',
  remedy:
    'Build it with CREATE INDEX CONCURRENTLY in a file with the line "-- metastore: no-transaction", or with the action add_index.',
  silence: 'On a table that is new in the same file or among the pending ones, and with ON ONLY, which builds nothing.',
  needs: ['S', 'C', 'L'],
  detect(statement, scene) {
    if (!('IndexStmt' in statement.node)) return []
    const { relation, concurrent, idxname } = statement.node.IndexStmt
    const table = refOf(relation)
    if (concurrent || relation?.inh !== true || scene.isNew(table) || scene.isPartitioned(table)) return []
    // Without a name nobody could tell after an interruption whether it is there.
    const name = indexName(statement.node.IndexStmt)
    return [
      {
        object: idxname ?? shown(table),
        message: `Writes to ${shown(table)} wait until the index is built.`,
        load: { table, work: 'index' },
        asAction: addIndexAction(statement, scene),
        fix:
          name === undefined
            ? undefined
            : fixOutside(statement, scene, 'Build the index concurrently.', [
                behindWord(
                  statement,
                  'index',
                  idxname === undefined ? `concurrently ${quoted({ schema: null, name })}` : 'concurrently',
                ),
              ]),
      },
    ]
  },
}

import { isOn } from '../../sql/concurrent-statement.ts'
import type { Hazard } from '../hazard.ts'
import { behindWord, fixOutside } from '../rewrites.ts'
import { refOf, shown } from '../tree.ts'

/** A rebuild of indexes while nobody can write. */
export const reindexNotConcurrent: Hazard = {
  id: 'H04',
  code: 'reindex_not_concurrent',
  title: 'REINDEX without CONCURRENTLY',
  severity: 'P1',
  why: 'REINDEX locks out writers of the table, and readers whose plans would use the index, until everything is built anew.',
  remedy: 'Use REINDEX … CONCURRENTLY in a file with the line "-- metastore: no-transaction".',
  silence: 'For a table or an index that is new in the same file or among the pending ones, and for system catalogs.',
  needs: ['S', 'L'],
  detect(statement, scene) {
    const { node } = statement
    if (!('ReindexStmt' in node) || isOn(node.ReindexStmt.params, 'concurrently', false)) return []
    const { kind, relation, name = '' } = node.ReindexStmt
    const target = refOf(relation)
    if (kind === 'REINDEX_OBJECT_SYSTEM') return []
    if (kind === 'REINDEX_OBJECT_TABLE' && scene.isNew(target)) return []
    if (kind === 'REINDEX_OBJECT_INDEX' && scene.isNewIndex(target)) return []
    const word = { REINDEX_OBJECT_INDEX: 'index', REINDEX_OBJECT_TABLE: 'table', REINDEX_OBJECT_SCHEMA: 'schema' }[
      String(kind)
    ]
    const what = relation ? shown(target) : name === '' ? 'the database' : `${word ?? 'the database'} ${name}`
    return [
      {
        object: what,
        message: `Writes wait while the indexes of ${what} are built anew.`,
        load: kind === 'REINDEX_OBJECT_TABLE' ? { table: target, work: 'index' } : undefined,
        fix: fixOutside(statement, scene, 'Rebuild concurrently.', [
          behindWord(statement, word ?? 'database', 'concurrently'),
        ]),
      },
    ]
  },
}

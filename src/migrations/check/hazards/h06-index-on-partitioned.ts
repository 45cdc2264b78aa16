import { addIndexAction } from '../as-action.ts'
import type { Hazard } from '../hazard.ts'
import { refOf, shown } from '../tree.ts'

/** An index on all partitions at once. */
export const indexOnPartitioned: Hazard = {
  id: 'H06',
  code: 'index_on_partitioned',
  title: 'an index on a partitioned table',
  severity: 'P1',
  why: 'It is built on every partition in one transaction, and writes to all of them wait for the last one. CONCURRENTLY is refused on the parent.',
  remedy:
    'Create it with ON ONLY on the parent, build it CONCURRENTLY on each partition and attach those, as the action add_index does.',
  silence: 'Where nothing tells that the table is partitioned, with ON ONLY, and on a table that is new.',
  needs: ['C'],
  detect(statement, scene) {
    if (!('IndexStmt' in statement.node)) return []
    const { relation, concurrent, idxname } = statement.node.IndexStmt
    const table = refOf(relation)
    if (relation?.inh !== true || !scene.isPartitioned(table) || scene.isNew(table)) return []
    return [
      {
        object: idxname ?? shown(table),
        severity: concurrent ? 'P0' : undefined,
        message: concurrent
          ? `${shown(table)} is partitioned, and PostgreSQL refuses CONCURRENTLY on it.`
          : `Writes to every partition of ${shown(table)} wait until the index is built on all of them.`,
        load: concurrent ? undefined : { table, work: 'index' },
        asAction: addIndexAction(statement, scene),
      },
    ]
  },
}

import type { Hazard } from '../hazard.ts'
import { atEnd, fixOutside } from '../rewrites.ts'
import { alterations, refOf, shown } from '../tree.ts'

/** DETACH PARTITION while nobody can use the partitioned table. */
export const partitionDetached: Hazard = {
  id: 'H27',
  code: 'partition_detached',
  title: 'DETACH PARTITION without CONCURRENTLY',
  severity: 'P1',
  why: 'It takes an ACCESS EXCLUSIVE lock on the partitioned table, and keeps it until the transaction ends: everybody waits, whichever partition they use.',
  remedy:
    'Use DETACH PARTITION … CONCURRENTLY in a file with the line "-- metastore: no-transaction" (PostgreSQL 14 and later, where there is no default partition).',
  silence:
    'On a table that is new, and where the catalog shows a default partition, with which CONCURRENTLY is refused.',
  needs: ['S'],
  detect: (statement, scene) =>
    alterations(statement.node, 'AT_DetachPartition').flatMap(({ table, command: { def } }) => {
      const partition = def && 'PartitionCmd' in def ? def.PartitionCmd : undefined
      if (partition === undefined || partition.concurrent || scene.isNew(table)) return []
      const hasDefault = (scene.catalog?.tables ?? []).some(
        ({ partitionOf }) => partitionOf?.parent.name === table.name && partitionOf.bound === 'DEFAULT',
      )
      if (hasDefault) return []
      return [
        {
          object: shown(refOf(partition.name)),
          message: `Everybody who uses ${shown(table)} waits for the end of this transaction.`,
          fix: fixOutside(statement, scene, 'Detach the partition concurrently.', [atEnd(statement, 'concurrently')]),
        },
      ]
    }),
}

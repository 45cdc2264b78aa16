import { isOn } from '../../sql/concurrent-statement.ts'
import type { Hazard } from '../hazard.ts'
import { refOf, shown } from '../tree.ts'

/** VACUUM FULL and CLUSTER. */
export const tableCompacted: Hazard = {
  id: 'H26',
  code: 'table_compacted',
  title: 'VACUUM FULL or CLUSTER',
  severity: 'P1',
  why: 'The table and its indexes are written anew under an ACCESS EXCLUSIVE lock: nobody reads or writes meanwhile.',
  remedy:
    'Let plain VACUUM make the room reusable; to shrink a table in use, take a tool that works online, such as pg_repack.',
  silence: 'On a table that is new.',
  needs: ['S', 'L'],
  detect({ node }, scene) {
    if ('ClusterStmt' in node) return one(node.ClusterStmt.relation)
    if (!('VacuumStmt' in node) || !isOn(node.VacuumStmt.options, 'full', false)) return []
    const relations = (node.VacuumStmt.rels ?? []).flatMap((item) =>
      'VacuumRelation' in item ? [item.VacuumRelation.relation] : [],
    )
    return relations.length === 0 ? one(undefined) : relations.flatMap(one)

    function one(relation: Parameters<typeof refOf>[0]) {
      if (relation === undefined) return [{ message: 'Each table is written anew in turn, while nobody can use it.' }]
      const table = refOf(relation)
      if (scene.isNew(table)) return []
      const message = `All of ${shown(table)} is written anew while nobody can use it.`
      return [{ object: shown(table), message, load: { table, work: 'rewrite' as const } }]
    }
  },
}

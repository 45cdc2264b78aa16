import { rounded } from '../cost.ts'
import type { Hazard } from '../hazard.ts'
import { dropped, shown } from '../tree.ts'

/** An index that queries still use. */
export const indexInUse: Hazard = {
  id: 'H03',
  code: 'index_in_use',
  title: 'a dropped index that queries still use',
  severity: 'P1',
  why: 'Without it, the queries that it served read the whole table, and the table may be large.',
  remedy: 'Look up which queries use it, and give them another index first.',
  silence: 'Without statistics of the live database, and for an index that nothing has used since they were reset.',
  needs: ['L'],
  detect: ({ node }, scene) =>
    dropped(node, 'OBJECT_INDEX').flatMap((index) => {
      const use = scene.use(index)
      if (use === undefined || use.scans === 0) return []
      const times = use.scans === 1 ? 'once' : `${rounded(use.scans)} times`
      return [{ object: shown(index), message: `Queries have used the index ${shown(index)} ${times}.` }]
    }),
}

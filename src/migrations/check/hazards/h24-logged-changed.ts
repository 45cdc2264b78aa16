import type { Hazard } from '../hazard.ts'
import { alterations, shown } from '../tree.ts'

/** SET LOGGED and SET UNLOGGED. */
export const loggedChanged: Hazard = {
  id: 'H24',
  code: 'logged_changed',
  title: 'SET LOGGED or SET UNLOGGED',
  severity: 'P1',
  why: 'The table and its indexes are written anew under an ACCESS EXCLUSIVE lock. An unlogged table is empty after a crash, and on replicas always.',
  remedy: 'Decide it when the table is made; or copy the rows in batches into a new table, and swap the names.',
  silence: 'On a table that is new, and where the catalog shows that it is so already.',
  needs: ['S', 'L'],
  detect: ({ node }, scene) =>
    alterations(node, 'AT_SetLogged', 'AT_SetUnLogged').flatMap(({ table, command }) => {
      const wanted = command.subtype === 'AT_SetLogged' ? 'permanent' : 'unlogged'
      if (scene.isNew(table) || scene.table(table)?.persistence === wanted) return []
      const message = `All of ${shown(table)} is written anew while nobody can use it.`
      return [{ object: shown(table), message, load: { table, work: 'rewrite' } }]
    }),
}

import { classifyPostgres } from '../../sql/classify-postgres.ts'
import type { Hazard } from '../hazard.ts'
import { walk } from '../tree.ts'

/**
 * A statement outside a transaction that cannot be run a second time. The engine journals each statement, and looks into the
 * catalog for an index that may be half built; so this is for what it cannot tell the end of after an interruption.
 */
export const notRerunnable: Hazard = {
  id: 'H39',
  code: 'not_rerunnable',
  title: 'a statement outside a transaction that cannot be run again',
  severity: 'P2',
  why: 'When the run is interrupted while it runs, nobody can tell whether it has happened: running it again may fail, or do it twice.',
  remedy: 'Write it so that it can be run again (IF EXISTS, ON CONFLICT, a condition), or move it into a transaction.',
  silence:
    'In a transaction, for concurrent indexes, for everything that may be in a transaction, and for what can be repeated, such as VACUUM.',
  needs: ['S'],
  detect({ node, transaction, origin }) {
    if (transaction !== null || origin === 'body') return []
    const { kind, index } = classifyPostgres(node)
    if (kind === 'uncertain') {
      return [{ message: 'After an interruption nobody can tell what this has committed.' }]
    }
    if (kind !== 'outside' || index !== undefined || isRepeatable(node)) return []
    return [{ message: 'After an interruption nobody can tell whether this has happened, and a second time it fails.' }]
  },
}

function isRepeatable(node: Parameters<typeof classifyPostgres>[0]): boolean {
  const [[kind, inner] = ['', {}]] = walk(node)
  if (
    ['VacuumStmt', 'ClusterStmt', 'ReindexStmt', 'DiscardStmt', 'AlterSystemStmt', 'AlterDatabaseStmt'].includes(kind)
  )
    return true
  return inner['missing_ok'] === true || inner['if_not_exists'] === true
}

import type { Finding } from '../finding.ts'
import type { FileStatement } from '../migrations/migrations.ts'
import { blocksWrites, type Observation } from './observe.ts'

/** A statement, what was seen of it, and what the hazards say. */
interface Watched {
  readonly migration: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly observed: Observation
  readonly statement: Pick<FileStatement, 'kind' | 'hazards'>
}

// The hazards that say that a table is written anew.
const rewriting = new Set([
  'volatile_default',
  'stored_generated_column',
  'identity_column_added',
  'type_change_rewrites',
  'logged_changed',
  'table_compacted',
])

/** Where hazards and what was seen disagree. Pure. */
export function proofFindings({ migration, file, line, column, observed, statement }: Watched): readonly Finding[] {
  const place = { file, line, column, object: migration }
  const { rewrites, scans, locks } = observed
  const said = statement.hazards.filter((code) => rewriting.has(code))
  // Emptying a table gives it a new file as well, and writes nothing.
  if (rewrites.length > 0 && said.length === 0 && statement.kind !== 'truncate') {
    return [
      {
        ...place,
        code: 'rewrite_not_foreseen',
        severity: 'P1',
        message: `The statement writes ${rewrites.join(' and ')} anew, under a lock that keeps everybody out, and no hazard says so.`,
        remedy: 'Write it as an action, or in steps that do not rewrite; and tell us, so that check learns it.',
      },
    ]
  }
  if (said.length > 0 && rewrites.length === 0) {
    return [
      {
        ...place,
        code: 'rewrite_not_seen',
        severity: 'P2',
        message: `The hazard ${said.join(', ')} says that a table is written anew, and none was.`,
        remedy: `It can be allowed here, with a comment: -- metastore: allow ${said[0] ?? ''} because … .`,
      },
    ]
  }
  const long = locks.filter(({ table, mode }) => blocksWrites(mode) && scans?.includes(table))
  if (long.length === 0 || statement.hazards.length > 0 || statement.kind === 'truncate') return []
  return [
    {
      ...place,
      code: 'long_lock_not_foreseen',
      severity: 'P1',
      message: `The statement reads all rows of ${long.map(({ table, mode }) => `${table} under ${mode}`).join(' and of ')}, which keeps writers out, and no hazard says so.`,
      remedy:
        'Write it as an action, or in steps that do not read under such a lock; and tell us, so that check learns it.',
    },
  ]
}

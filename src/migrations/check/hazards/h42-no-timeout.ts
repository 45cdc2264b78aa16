import type { Hazard } from '../hazard.ts'
import type { NodeOf } from '../tree.ts'

/**
 * A file that takes away the limit on waiting for locks. The engine sets lock_timeout for every file that it runs, so a file
 * that says nothing of it is as it should be.
 */
export const noTimeout: Hazard = {
  id: 'H42',
  code: 'timeout_removed',
  title: 'lock_timeout or statement_timeout switched off',
  severity: 'P1',
  why: 'A statement that waits for a lock without limit makes everybody wait who comes after it, readers as well.',
  remedy: 'Leave the setting out: metastore waits a moment, gives way and tries again.',
  silence: 'Where the file sets a limit of at most a minute, or says nothing, since metastore sets one itself.',
  needs: ['S'],
  detect({ node }) {
    if (!('VariableSetStmt' in node)) return []
    const { name = '', kind } = node.VariableSetStmt
    if (name !== 'lock_timeout' && name !== 'statement_timeout') return []
    const limit = kind === 'VAR_SET_VALUE' ? milliseconds(node.VariableSetStmt) : 0
    const isOff = limit === 0 || (name === 'lock_timeout' && limit > 60_000)
    if (!isOff) return []
    const message =
      limit === 0 ? `It takes away the limit of ${name}.` : `It lets a statement wait for a lock for ${limit / 1000} s.`
    return [{ object: name, message, severity: name === 'statement_timeout' ? 'P2' : undefined }]
  },
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

function milliseconds({ args }: NodeOf<'VariableSetStmt'>): number {
  const [value] = args ?? []
  if (!value || !('A_Const' in value)) return 1
  const { ival, sval } = value.A_Const
  if (ival) return ival.ival ?? 0
  const [, number, unit = 'ms'] = /^\s*'?\s*([\d.]+)\s*([a-z]*)\s*$/i.exec(sval?.sval ?? '') ?? []
  return number === undefined ? 1 : Number(number) * (units[unit === '' ? 'ms' : unit] ?? 1)
}

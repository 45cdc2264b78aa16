import type { AuditFinding } from '../../audit/audit.ts'
import { failedBecause } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'

/**
 * What an audit says of seeds or secrets that it cannot look at: the project says something wrong of them, or the role may not read
 * them. Any other failure is thrown on.
 */
export function failureFinding(error: unknown, kind: 'seed' | 'secret'): AuditFinding {
  const isDenied = failedBecause(error, 'permission')
  if (!(error instanceof MetastoreError) || (error.kind !== 'input' && !isDenied)) throw error
  const { code, where, message, remedy } = error
  const what = where === undefined || isDenied ? message : `${where}: ${message}`
  return {
    code: isDenied ? 'privilege_missing' : code,
    kind,
    severity: isDenied ? 'P2' : 'P1',
    objectKey: null,
    migration: null,
    message: isDenied
      ? `The role may not look at ${kind === 'seed' ? 'the history of seeds' : 'encrypted columns'}: ${what}`
      : what,
    remedy: isDenied ? 'Audit as the role that migrates, or let this one read them.' : remedy,
    query: null,
    repair: [],
  }
}

import { DatabaseError } from '../database/database.ts'
import type { Finding } from '../finding.ts'
import { capacityCheck } from './preflight/capacity.ts'
import { diskSpaceCheck } from './preflight/disk-space.ts'
import { openTransactionsCheck } from './preflight/open-transactions.ts'
import type { PreflightCheck, PreflightSubject } from './preflight/preflight-check.ts'
import { replicationCheck } from './preflight/replication.ts'
import { requirementsCheck } from './preflight/requirements.ts'
import { tableHealthCheck } from './preflight/table-health.ts'
import { waitingCheck } from './preflight/waiting.ts'

export type { PreflightSubject } from './preflight/preflight-check.ts'

const checks: readonly PreflightCheck[] = [
  openTransactionsCheck,
  waitingCheck,
  replicationCheck,
  diskSpaceCheck,
  tableHealthCheck,
  capacityCheck,
  requirementsCheck,
]

/**
 * What stands in the way of a plan on the database as it is now, the worst first. It reads and changes nothing; what the role
 * may not look at is a finding of its own.
 */
export async function preflight(subject: PreflightSubject): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const check of checks) {
    try {
      findings.push(...(await check.run(subject)))
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== 'statement_failed') throw error
      findings.push({
        code: 'not_looked_at',
        severity: 'P2',
        message: `${check.looksAt} could not be looked at: ${error.message}`,
        remedy: 'Let the role read it, as with grant pg_monitor.',
      })
    }
  }
  return findings.toSorted((one, other) => one.severity.localeCompare(other.severity))
}

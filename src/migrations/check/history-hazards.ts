import type { Finding } from '../../finding.ts'
import { describeDiscrepancy, type Comparison } from '../pending.ts'

/** What stands between files and history, as findings of H48; a run refuses to go on with it, so each is a P0. */
export function historyHazards({ discrepancies, newest }: Pick<Comparison, 'discrepancies' | 'newest'>): Finding[] {
  return discrepancies.map((discrepancy) => {
    const { code, message, remedy } = describeDiscrepancy(discrepancy, newest)
    const { path, name } = discrepancy
    return { code, hazard: 'H48', severity: 'P0', ...(path !== null && { file: path }), object: name, message, remedy }
  })
}

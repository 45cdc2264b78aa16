import { size } from '../../migrations/foresee.ts'
import type { PreflightCheck, PreflightSubject } from './preflight-check.ts'

/** What the plan writes anew against what is free. A server does not tell how much is. */
export const diskSpaceCheck: PreflightCheck = {
  looksAt: 'Free space',
  run(subject) {
    const { diskFree } = subject
    const needed = neededBytes(subject)
    if (needed === 0) return Promise.resolve([])
    const plan = `The plan writes about ${size(needed)} beside what there is, and about as much to the log`
    if (diskFree === null) {
      const message = `${plan}; PostgreSQL does not tell how much space is free.`
      const remedy = 'Look at the disk, and give what is free as --disk-free 50GB.'
      return Promise.resolve([{ code: 'disk_unknown', severity: 'P2', message, remedy }])
    }
    // Once for the tables and once for the log.
    if (needed * 2 <= diskFree) return Promise.resolve([])
    const message = `${plan}; ${size(diskFree)} are free.`
    const severity = needed > diskFree ? 'P0' : 'P1'
    return Promise.resolve([{ code: 'disk_short', severity, message, remedy: 'Free some space before you migrate.' }])
  },
}

// A rewrite and a backfill write every row and every index again; an index is at most as large as its table.
function neededBytes({ plan, statistics }: PreflightSubject): number {
  const steps = plan.migrations.flatMap((migration) => migration.steps)
  const works = steps.flatMap(({ forecast }) => (forecast?.statements ?? []).flatMap(({ work }) => work))
  return works.reduce((sum, { kind, table, bytes }) => {
    const indexes = statistics.tables.find(({ schema, name }) => `${schema}.${name}` === table)?.indexBytes ?? 0
    if (kind === 'index') return sum + (bytes ?? 0) / 3
    if (kind === 'scan' || kind === 'lookup') return sum
    return sum + (bytes ?? 0) + indexes
  }, 0)
}

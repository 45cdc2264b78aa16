import { batchUnderWay, migrationsHere, readPosition, readStatus } from '../../migrations/migrations.ts'
import { healthy, type Diagnosis, type DoctorCheck } from '../diagnosis.ts'

/** Files and history agree, nothing is half done, and how much is pending. */
export const migrationsCheck: DoctorCheck = {
  name: 'migrations',
  async run({ database, session, bookkeeping, files: all }) {
    const { files, waiting } = await migrationsHere({ database, session }, all)
    const status = await readStatus({ session, bookkeeping }, files)
    const findings: Diagnosis[] = status.discrepancies.map(({ message, remedy }) => ({
      check: 'migrations',
      severity: 'problem',
      message,
      remedy,
    }))
    const { phase, batch } = (await readPosition({ session, bookkeeping })).state
    // While somebody works on it there is nothing to do.
    if (phase !== null && batch !== null && status.lockHolder === null) {
      const { message, remedy } = batchUnderWay(phase, batch)
      findings.push({ check: 'migrations', severity: 'warning', message, remedy })
    }
    if (status.interrupted.length > 0) {
      const [first] = status.interrupted
      const message = `Migration ${first?.migration} was begun and is not finished.`
      findings.push({ check: 'migrations', severity: 'warning', message, remedy: 'metastore migrate goes on with it.' })
    }
    for (const { path, extensions } of waiting) {
      findings.push({
        check: 'migrations',
        severity: 'warning',
        message: `${path} waits for ${extensions.join(', ')}, which this server does not offer; the rest works without it.`,
        remedy: `Install ${extensions.join(', ')} on the server; metastore migrate then applies it.`,
      })
    }
    if (findings.length > 0) return findings
    const [pending, applied] = [status.pending.length, status.applied.length]
    const advice = pending === 0 ? '.' : '; metastore migrate applies what is pending.'
    return [healthy('migrations', `${pending} pending, ${applied} applied${advice}`)]
  },
}

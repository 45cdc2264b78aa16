import { sql } from '../../database/database.ts'
import { healthy, type DoctorCheck } from '../diagnosis.ts'

const oldest = 13

/** The server answers, is of a version that is supported, and takes writes. */
export const serverCheck: DoctorCheck = {
  name: 'server',
  async run({ database, address, session }) {
    const { name, version, major } = database.server
    const reached = healthy('server', `${address} answers: ${name} ${version}.`)
    if (!database.features.roles) return [reached]
    if (major < oldest) {
      const remedy = `Upgrade the server to PostgreSQL ${oldest} or newer.`
      return [{ check: 'server', severity: 'problem', message: `${name} ${version} is too old.`, remedy }]
    }
    const [state] = await session.query<{ standby: boolean; readOnly: boolean }>(sql`
      select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as "readOnly"`)
    if (!state?.standby && !state?.readOnly) return [reached]
    const message = state.standby
      ? 'The server is a standby, which takes no writes.'
      : 'Transactions are read-only here.'
    const remedy = state.standby
      ? 'Give the URL of the primary server.'
      : 'Look for default_transaction_read_only in the settings of the database and the role.'
    return [reached, { check: 'server', severity: 'problem', message, remedy }]
  },
}

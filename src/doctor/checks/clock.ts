import { sql } from '../../database/database.ts'
import { healthy, type DoctorCheck } from '../diagnosis.ts'

// Time stamps in the history are the server's, those of new migration files this machine's: minutes apart, they mislead.
const tolerated = 60_000

/** The clocks of this machine and of the server agree. */
export const clockCheck: DoctorCheck = {
  name: 'clock',
  async run({ database, session }) {
    if (!database.features.roles) return []
    const before = Date.now()
    const [row] = await session.query<{ now: number | string }>(
      sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
    )
    const here = (before + Date.now()) / 2
    const apart = Math.abs(Number(row?.now) - here)
    if (apart <= tolerated) return [healthy('clock', 'The clocks of this machine and the server agree.')]
    const seconds = Math.round(apart / 1000)
    const ahead = Number(row?.now) > here ? "The server's clock is ahead of" : "The server's clock is behind"
    return [
      {
        check: 'clock',
        severity: 'warning',
        message: `${ahead} this machine's by ${seconds} s.`,
        remedy: 'Let both follow a time server.',
      },
    ]
  },
}

import { statfs } from 'node:fs/promises'
import { sql } from '../../database/database.ts'
import { healthy, type DoctorCheck } from '../diagnosis.ts'

const least = 512 * 1024 * 1024

/** There is room: on this machine's disk for an embedded database; of a server only the database's size can be seen. */
export const diskCheck: DoctorCheck = {
  name: 'disk',
  async run({ database, session, directory }) {
    if (directory !== null) {
      const { bavail, bsize } = await statfs(directory)
      const free = bavail * bsize
      if (free >= least) return [healthy('disk', `${megabytes(free)} are free in ${directory}.`)]
      const message = `Only ${megabytes(free)} are free in ${directory}.`
      return [{ check: 'disk', severity: 'warning', message, remedy: 'Free some space before you migrate.' }]
    }
    if (!database.features.manySessions) return []
    const [row] = await session.query<{ bytes: number }>(sql`select pg_database_size(current_database()) as bytes`)
    const size = megabytes(Number(row?.bytes))
    return [healthy('disk', `The database has ${size}; a server does not tell how much space is free beside it.`)]
  },
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024).toLocaleString('en')} MB`
}

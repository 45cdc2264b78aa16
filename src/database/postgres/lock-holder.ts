import { hostname } from 'node:os'
import type { LockHolder } from '../driver.ts'

/** PostgreSQL cuts an application_name off after this many bytes. */
const longest = 63

/** Who we are, as an application_name that pg_stat_activity shows to everybody. */
export function holderName(command: string, pid: number = process.pid, host: string = hostname()): string {
  const place = printable(host)
  const what = printable(command)
  const name = (command: string, host: string): string => `metastore ${command} (pid ${pid} on ${host})`
  const excess = Math.max(0, name(what, place).length - longest)
  // The end of a host's name is its domain, which says less than the rest.
  const shortPlace = place.slice(0, Math.max(8, place.length - excess))
  const shortWhat = what.slice(0, what.length - Math.max(0, name(what, shortPlace).length - longest))
  return name(shortWhat, shortPlace)
}

/** Who holds the lock, by what pg_stat_activity says. Another tool's session gives what can be known of it. */
export function parseHolder(row: {
  readonly name: string | null
  readonly address: string | null
  readonly since: Date | null
}): LockHolder {
  const since = row.since === null ? null : row.since.toISOString()
  const [, command, pid, host] = /^metastore (.*) \(pid (\d+) on (.*)\)$/.exec(row.name ?? '') ?? []
  if (command !== undefined && pid !== undefined && host !== undefined)
    return { command, pid: Number(pid), host, since }
  return { command: row.name || null, pid: null, host: row.address, since }
}

// Everything else is replaced by the server as well, only differently in every version.
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?')
}

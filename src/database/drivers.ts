import type { DatabaseTarget, Driver } from './driver.ts'

/** Every driver there is, imported when a URL first asks for it: a client that is not used costs no start-up time. */
export const drivers: Record<DatabaseTarget['driver'], () => Promise<Driver>> = {
  postgres: async () => (await import('./postgres/driver.ts')).postgresDriver,
  pglite: async () => (await import('./pglite/driver.ts')).pgliteDriver,
  sqlite: async () => (await import('./sqlite/driver.ts')).sqliteDriver,
}

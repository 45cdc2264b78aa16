import type { Driver, OpenOptions, PostgresTarget } from '../driver.ts'
import { bootstrap } from './bootstrap.ts'
import { connect, type Connected } from './connect.ts'
import { PostgresDatabase } from './database.ts'
import { retryWhileStarting } from './wait.ts'

/** PostgreSQL servers, through `pg`'s connection and an own, small client on top of it. */
export const postgresDriver: Driver = {
  name: 'postgres',
  async open(target, options) {
    if (target.driver !== 'postgres') throw new Error(`This is the driver of postgres, not of ${target.driver}.`)
    const connected = await retryWhileStarting(target, options, () => connectOrCreate(target, options))
    return new PostgresDatabase(target, connected)
  },
}

async function connectOrCreate(target: PostgresTarget, options: OpenOptions): Promise<Connected> {
  try {
    return await connect(target, { signal: options.signal })
  } catch (error) {
    if (!(await bootstrap(target, error, options))) throw error
    return connect(target, { signal: options.signal })
  }
}

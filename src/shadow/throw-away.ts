import type { MigrationFile } from '../migrations/migrations.ts'
import { openCache } from './cache.ts'
import { replay, type ReplayOptions } from './replay.ts'
import { copyEmbedded, openEmbedded, openOnServer, removeEmbedded, type ShadowDatabase } from './shadow-database.ts'

/** Works on a throw-away database with nothing in it, which is gone afterwards. */
export async function onEmptyDatabase<T>(
  options: ReplayOptions,
  work: (database: ShadowDatabase) => Promise<T>,
): Promise<T> {
  const shadowOptions = { stateSchema: options.stateSchema ?? 'metastore', signal: options.signal }
  if (options.server !== undefined) return closing(await openOnServer(options.server, shadowOptions), work)
  const directory = await openCache(options.directory, 'embedded').work()
  try {
    return await closing(await openEmbedded(directory, shadowOptions), work)
  } finally {
    await removeEmbedded(directory)
  }
}

/** Works on a throw-away database that the migrations have been applied to, as far as they can be; it is gone afterwards. */
export async function onReplayedDatabase<T>(
  files: readonly MigrationFile[],
  options: ReplayOptions,
  work: (database: ShadowDatabase) => Promise<T>,
): Promise<T> {
  const shadowOptions = { stateSchema: options.stateSchema ?? 'metastore', signal: options.signal }
  const shadow = await replay(files, options)
  const cache = openCache(options.directory, 'embedded')
  const checkpoint = (await cache.course())?.checkpoints.find(({ position }) => position === files.length)
  if (options.server === undefined && checkpoint !== undefined) {
    const directory = await cache.work()
    try {
      await copyEmbedded(`${cache.directory}/${checkpoint.directory}`, directory)
      return await closing(await openEmbedded(directory, shadowOptions), work)
    } finally {
      await removeEmbedded(directory)
    }
  }
  const order = (await shadow.steps()).map(({ name }) => name)
  return onEmptyDatabase(options, async (database) => {
    for (const [index, name] of order.entries()) {
      const done = new Set(order.slice(0, index))
      const file = files.find((one) => one.name === name)
      if (file === undefined) continue
      await database.apply(
        files.filter((one) => done.has(one.name)),
        file,
      )
    }
    return work(database)
  })
}

async function closing<T>(database: ShadowDatabase, work: (database: ShadowDatabase) => Promise<T>): Promise<T> {
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

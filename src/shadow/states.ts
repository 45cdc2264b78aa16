import { existsSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { MigrationFile } from '../migrations/migrations.ts'
import { applyWithStubs } from './apply-with-stubs.ts'
import { keysOf, openCache } from './cache.ts'
import type { ReplayOptions } from './replay.ts'
import { copyEmbedded, openEmbedded, openOnServer, removeEmbedded, type ShadowDatabase } from './shadow-database.ts'

/** Throw-away databases in the states that migrations lead through. */
export interface States extends AsyncDisposable {
  /** A database of the caller's own with the first files applied, so many of them. Throws what a file fails for. */
  open(count: number): Promise<ShadowDatabase>
}

/** States of the embedded PostgreSQL, which are kept between runs by the content of the files; or of a server. */
export function openStates(files: readonly MigrationFile[], options: ReplayOptions): States {
  return options.server === undefined ? embeddedStates(files, options) : serverStates(files, options.server, options)
}

function embeddedStates(
  files: readonly MigrationFile[],
  { directory, stateSchema = 'metastore', signal }: ReplayOptions,
): States {
  const cache = openCache(directory, 'embedded')
  const shadowOptions = { stateSchema, signal }
  const keys = ['start', ...keysOf(files, [stateSchema, 'states'])]
  const places = keys.map((key) => path.join(directory, `state-${key}`))
  const placeOf = (count: number) => places[count] ?? path.join(directory, 'state-none')
  const inUse: string[] = []
  const copyOf = async (count: number) => {
    const own = await cache.work()
    inUse.push(own)
    if (existsSync(placeOf(count))) await copyEmbedded(placeOf(count), own)
    return own
  }
  const keep = async (count: number) => {
    const nearest =
      Array.from({ length: count + 1 }, (_, index) => count - index).find((one) => existsSync(placeOf(one))) ?? 0
    const own = await copyOf(nearest)
    const database = await openEmbedded(own, shadowOptions)
    try {
      await applyFrom(database, files, nearest, count)
    } finally {
      await database.close()
    }
    // Whoever else made the same state meanwhile made the same.
    await rename(own, placeOf(count)).catch(() => removeEmbedded(own))
  }
  return {
    async open(count) {
      if (!existsSync(placeOf(count))) await keep(count)
      const own = await copyOf(count)
      const database = await openEmbedded(own, shadowOptions)
      return {
        ...database,
        async close() {
          await database.close()
          await removeEmbedded(own)
        },
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(inUse.map(removeEmbedded))
      await removeStates(directory, new Set(places))
    },
  }
}

// What the files have led through before one of them changed.
async function removeStates(directory: string, used: ReadonlySet<string>): Promise<void> {
  if (!existsSync(directory)) return
  for (const name of await readdir(directory)) {
    const full = path.join(directory, name)
    if (name.startsWith('state-') && !used.has(full)) await rm(full, { recursive: true, force: true })
  }
}

function serverStates(
  files: readonly MigrationFile[],
  server: string,
  { stateSchema = 'metastore', signal }: ReplayOptions,
): States {
  return {
    async open(count) {
      const database = await openOnServer(server, { stateSchema, signal })
      try {
        await applyFrom(database, files, 0, count)
        return database
      } catch (error) {
        await database.close()
        throw error
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function applyFrom(
  database: ShadowDatabase,
  files: readonly MigrationFile[],
  from: number,
  count: number,
): Promise<void> {
  for (let index = from; index < count; index += 1) {
    const file = files[index]
    if (file !== undefined) await applyWithStubs(database, files.slice(0, index), file)
  }
}

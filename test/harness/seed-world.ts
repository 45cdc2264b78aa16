import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { openDatabase, raw, type Database, type Session } from '../../src/database/database.ts'
import { loadDefaultExport, splitScript } from '../../src/migrations/migrations.ts'
import { generateKey, parseKeyring } from '../../src/secrets/keyring.ts'
import { readSeedFiles, type SeedOptions } from '../../src/seeds/seeds.ts'
import { temporaryDirectory, type Engine } from './engines.ts'

/** A database with its tables, and a directory of seeds. */
export interface SeedWorld {
  readonly database: Database
  readonly session: Session
  readonly directory: string
  write(name: string, text: string | Uint8Array): void
  /** Removes every seed. */
  clear(): void
  options(more?: Partial<SeedOptions>): SeedOptions
  rows(query: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

const secrets = parseKeyring(generateKey(), 'a test')

/** Opens an empty database, makes its tables, and gives it a directory of seeds. */
export async function seedWorld(engine: Pick<Engine, 'freshUrl'>, schema: string): Promise<SeedWorld> {
  const database = await openDatabase(await engine.freshUrl())
  const session = await database.session()
  await session.script(schema)
  const directory = temporaryDirectory()
  return {
    database,
    session,
    directory,
    write(name, text) {
      mkdirSync(path.dirname(path.join(directory, name)), { recursive: true })
      writeFileSync(path.join(directory, name), text)
    },
    clear() {
      rmSync(directory, { recursive: true })
      mkdirSync(directory)
    },
    options: (more = {}) => ({
      database,
      session,
      baseSchema: 'public',
      stateSchema: 'metastore',
      set: 'seeds',
      files: readSeedFiles([{ path: 'seeds', absolute: directory }]),
      environment: null,
      variable: () => undefined,
      secrets,
      readers: { splitSql: splitScript, loadScript: loadDefaultExport },
      position: null,
      actor: 'somebody@here',
      ...more,
    }),
    rows: (query) => session.query(raw(query)),
    async close() {
      await session.close()
      await database.close()
    },
  }
}

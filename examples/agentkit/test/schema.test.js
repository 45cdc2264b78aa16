import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { migrate, openDatabase, openEngine, readMigrationFiles } from 'metastore'
import { sql } from 'metastore/database'
import { assertMigrated } from '../src/schema.js'
import { engines } from './serve.js'

const absolute = fileURLToPath(new URL('../migrations', import.meta.url))
const migrations = [{ path: 'migrations', absolute }]
const scratch = await mkdtemp(path.join(tmpdir(), 'agentkit-'))
after(() => rm(scratch, { recursive: true }))

/** The migrations that the version before this one had. */
async function withoutTheLast() {
  const directory = path.join(scratch, 'migrations')
  await cp(absolute, directory, { recursive: true })
  await rm(path.join(directory, '003_message_artifacts.sql'), { force: true })
  return directory
}

for (const { name, url } of engines) {
  describe(`the schema on ${name}`, () => {
    test('a database that is behind is refused and left as it is; one that is migrated, or ahead, is not', async () => {
      const database = await openDatabase(url)
      const files = await readMigrationFiles(migrations)
      const engine = await openEngine(database)
      try {
        await assert.rejects(assertMigrated(database, { migrations }), {
          code: 'database_behind',
          message:
            'The database lacks 001_initial_schema, 002_indexes_for_listing, 003_message_artifacts, which this version of agentkit needs.',
          remedy: 'Run metastore migrate, then start agentkit again.',
        })
        await assert.rejects(engine.session.query(sql`select id from threads`), { reason: 'missing_object' })

        await migrate(engine, files, { to: { kind: 'steps', count: 2 } })
        await assert.rejects(assertMigrated(database, { migrations }), {
          message: 'The database lacks 003_message_artifacts, which this version of agentkit needs.',
        })
        await migrate(engine, files)
        await assertMigrated(database, { migrations })

        // What the version before meets while this one is being rolled out: a migration that it has no file of.
        await assertMigrated(database, { migrations: [{ path: 'migrations', absolute: await withoutTheLast() }] })
      } finally {
        await engine[Symbol.asyncDispose]()
        await database.close()
      }
    })
  })
}

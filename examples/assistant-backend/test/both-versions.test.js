import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openDatabase } from 'metastore'
import { sql } from 'metastore/database'
import { abortBatch, completeBatch, migrate, openEngine, readMigrationFiles, startBatch } from 'metastore/migrations'
import { openConversation } from '../src/conversations.js'
import { openRelease } from '../src/release.js'
import * as v1 from '../src/v1/messages.js'
import * as v2 from '../src/v2/messages.js'
import { startWriters } from './writers.js'

/** @typedef {import('metastore').Database} Database */

const files = await readMigrationFiles([
  { path: 'migrations', absolute: fileURLToPath(new URL('../migrations', import.meta.url)) },
])
const seeds = new URL('../seeds/', import.meta.url)
const conversations = ['first', 'second']

// In memory always, and on a server where one is named: there, the writers have connections of their own.
const server = process.env['ASSISTANT_DATABASE_URL']
const engines = [
  { name: 'PGlite', url: 'pglite:memory' },
  ...(server === undefined ? [] : [{ name: 'PostgreSQL', url: server }]),
]

for (const { name, url } of engines) {
  describe(`both versions on ${name}`, () => {
    /** @type {Database | undefined} */
    let open
    after(() => open?.close())

    test('write at once through the start, the abort, the start and the completion of 003', async () => {
      const database = (open = await openDatabase(url))
      await upTo(database, '002_chat_persistence')
      const ids = await begin(database)

      const old = await startWriters(database, v1, ids)
      await old.written(20)
      await start(database)
      const first = await startWriters(database, v2, ids)
      await Promise.all([old.written(20), first.written(20)])

      // Going back: the new version is taken away first.
      const gone = await first.stop()
      await phase(database, abortBatch)
      await old.written(20)
      await start(database)
      const second = await startWriters(database, v2, ids)
      await Promise.all([old.written(20), second.written(20)])

      // Going on: the old version is taken away first.
      const left = await old.stop()
      await phase(database, completeBatch)
      await second.written(20)
      const stayed = await second.stop()
      assert.deepEqual([...gone.failures, ...left.failures, ...stayed.failures], [])

      const release = await openRelease(database, v2.builtFor)
      const all = await release.inTransaction((tx) =>
        Promise.all(ids.map((id) => v2.listMessages(tx, id, { limit: 10_000 }))),
      )
      await release.close()
      for (const messages of all) {
        assert.deepEqual(
          messages.map(({ sequence }) => sequence),
          messages.map((_, index) => index + 1),
        )
      }
      const written = [gone, left, stayed].flatMap(({ contents }) => contents)
      assert.deepEqual(all.flatMap((messages) => messages.map(({ content }) => content)).toSorted(), written.toSorted())
    })

    test('list the same messages, page by page', async () => {
      const database = /** @type {Database} */ (open)
      const release = await openRelease(database, v2.builtFor)
      await release.inTransaction(async (tx) => {
        const id = await openConversation(tx, 'pages@example.com', 'pages')
        for (const content of ['1', '2', '3', '4', '5']) await v2.addMessage(tx, id, { role: 'user', content })
        const pages = [
          await lastTwoPages((/** @type {v1.Message | undefined} */ before) =>
            v1.listMessages(tx, id, { limit: 2, before }),
          ),
          await lastTwoPages((/** @type {v2.Message | undefined} */ before) =>
            v2.listMessages(tx, id, { limit: 2, before }),
          ),
        ]
        const expected = ['2', '3', '4', '5']
        assert.deepEqual(pages, [expected, expected])
      })
      await release.close()
    })

    test('the seeds are plain SQL, and running them again changes nothing', async () => {
      const database = /** @type {Database} */ (open)
      await upTo(database, undefined)
      const session = await database.session()
      const counts = []
      for (let time = 0; time < 2; time += 1) {
        for (const file of (await readdir(seeds)).toSorted()) {
          await session.script(await readFile(new URL(file, seeds), 'utf8'))
        }
        counts.push(
          await session.query(sql`
            select (select count(*)::int from users where email in ('ada@example.com', 'ben@example.com')) as users,
              (select count(*)::int from identities) as identities,
              (select count(*)::int from conversations where reference = 'welcome') as conversations`),
        )
      }
      await session.close()
      assert.deepEqual(counts, [
        [{ users: 2, identities: 2, conversations: 1 }],
        [{ users: 2, identities: 2, conversations: 1 }],
      ])
    })
  })
}

/**
 * What the last page of a conversation says, and the one before it.
 * @template {{ content: string }} Message
 * @param {(before?: Message) => Promise<Message[]>} list
 */
async function lastTwoPages(list) {
  const last = await list()
  const before = await list(last[0])
  return [...before, ...last].map(({ content }) => content)
}

/** @param {Database} database */
async function begin(database) {
  const release = await openRelease(database, v1.builtFor)
  const ids = []
  for (const reference of conversations) {
    ids.push(await release.inTransaction((tx) => openConversation(tx, 'me@example.com', reference)))
  }
  await release.close()
  return ids
}

/** @param {Database} database */
function start(database) {
  return phase(database, (engine) => startBatch(engine, files, { to: { kind: 'name', name: v2.builtFor } }))
}

/**
 * @param {Database} database
 * @param {string | undefined} name
 */
function upTo(database, name) {
  const options = name === undefined ? {} : { to: /** @type {const} */ ({ kind: 'name', name }) }
  return phase(database, (engine) => migrate(engine, files, options))
}

/**
 * @template T
 * @param {Database} database
 * @param {(engine: import('metastore').Engine) => Promise<T>} work
 */
async function phase(database, work) {
  const engine = await openEngine(database, { command: 'test' })
  try {
    return await work(engine)
  } finally {
    await engine[Symbol.asyncDispose]()
  }
}

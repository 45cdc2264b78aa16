import { openRelease } from '../src/release.js'

/** @typedef {typeof import('../src/v1/messages.js') | typeof import('../src/v2/messages.js')} Store */

let writers = 0

/**
 * Applications of one version that write to conversations and read them, as fast as they can, until they are stopped.
 * @param {import('metastore').Database} database
 * @param {Store} store
 * @param {readonly string[]} conversations
 */
export async function startWriters(database, store, conversations) {
  /** @type {string[]} */
  const contents = []
  /** @type {unknown[]} */
  const failures = []
  /** @type {Set<() => void>} */
  const waiting = new Set()
  let stopped = false

  /** @param {string} conversation */
  const write = async (conversation) => {
    const writer = (writers += 1)
    const release = await openRelease(database, store.builtFor)
    for (let count = 1; !stopped && failures.length === 0; count += 1) {
      const content = `${writer}/${count}`
      try {
        await release.inTransaction((tx) => store.addMessage(tx, conversation, { role: 'user', content }))
        contents.push(content)
        await release.inTransaction((tx) => store.listMessages(tx, conversation, { limit: 5 }))
      } catch (error) {
        failures.push(error)
      }
      for (const look of waiting) look()
    }
    await release.close()
  }
  const running = conversations.map(write)

  return {
    /**
     * Waits until so many messages more are written; or for a failure, which is told in the end.
     * @param {number} count
     */
    written(count) {
      const goal = contents.length + count
      return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
        const look = () => {
          if (contents.length < goal && failures.length === 0) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      })
    },

    async stop() {
      stopped = true
      await Promise.all(running)
      return { contents, failures }
    },
  }
}

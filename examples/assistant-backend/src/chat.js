// A chat in the terminal, in either version: node src/chat.js v1 say "Hello", node src/chat.js v2 list.

import { MetastoreError } from 'metastore'
import { openConversation } from './conversations.js'
import { openAssistant, openRelease, VersionMissing } from './release.js'
import * as v1 from './v1/messages.js'
import * as v2 from './v2/messages.js'

const versions = { v1, v2 }

async function main() {
  const [version, command, content] = process.argv.slice(2)
  const store = version === 'v1' || version === 'v2' ? versions[version] : undefined
  if (store === undefined || (command === 'say') !== (content !== undefined)) {
    throw new TypeError('usage: node src/chat.js v1|v2 say TEXT, or node src/chat.js v1|v2 list')
  }
  const database = await openAssistant()
  try {
    // A release says which migration it is for; the same code may be right for a later one.
    const release = await openRelease(database, process.env['RELEASE'] ?? store.builtFor)
    await release.inTransaction(async (tx) => {
      const conversation = await openConversation(tx, 'me@example.com', 'terminal')
      if (content !== undefined) await store.addMessage(tx, conversation, { role: 'user', content })
      for (const message of await store.listMessages(tx, conversation)) say(message)
    })
    await release.close()
  } finally {
    await database.close()
  }
}

/** @param {{ sequence?: number, content: string }} message */
function say({ sequence, content }) {
  process.stdout.write(sequence === undefined ? `${content}\n` : `${sequence}. ${content}\n`)
}

await main().catch((/** @type {unknown} */ error) => {
  const isExpected = error instanceof MetastoreError || error instanceof VersionMissing || error instanceof TypeError
  if (!isExpected) throw error
  process.stderr.write(`error ${error.message}\n`)
  process.exitCode = 1
})

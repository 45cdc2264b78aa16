// As much of the agent as its database sees: it reads the rules that hold it back and the tasks that wait for it.

import { MetastoreError } from 'metastore'
import { openAssistant } from './database.js'
import { readPolicyRules, countWaitingTasks, startConversation } from './assistant.js'

async function main() {
  const database = await openAssistant()
  try {
    const session = await database.session()
    const rules = await readPolicyRules(session)
    const waiting = await countWaitingTasks(session)
    await startConversation(session, process.env['AGENT_USER'] ?? 'ada')
    await session.close()
    process.stdout.write(`The agent is ready: ${rules.length} policy rules, ${waiting} tasks waiting.\n`)
  } finally {
    await database.close()
  }
}

await main().catch((/** @type {unknown} */ error) => {
  if (!(error instanceof MetastoreError)) throw error
  process.stderr.write(`error ${error.message}\n`)
  process.exitCode = 1
})

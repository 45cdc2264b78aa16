import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sql } from 'metastore/database'
import { openTestDatabase } from 'metastore/testing'
import { countWaitingTasks, readPolicyRules, startConversation } from '../src/assistant.js'

const migrations = [fileURLToPath(new URL('../migrations', import.meta.url))]
const seed = await readFile(new URL('../seeds/001_policy_rules.sql', import.meta.url), 'utf8')

test('the agent finds its rules and its tasks, and every file can be run again', async () => {
  const database = await openTestDatabase({ migrations })
  try {
    const session = await database.session()
    await session.script(seed)
    await session.query(sql`
      update ai_guardrails.policy_rules set severity = 'off' where name = 'customer_email_export'`)
    await session.script(seed)
    const rules = await readPolicyRules(session)
    assert.deepEqual(
      rules.map(({ name, severity }) => [name, severity]),
      [
        ['customer_email_export', 'block'],
        ['wire_transfer_and_bank_details', 'warn'],
      ],
    )
    await startConversation(session, 'ada')
    assert.equal(await countWaitingTasks(session), 1)
    await session.close()
  } finally {
    await database.close()
  }
})

test('a change sets the time of a conversation, and its messages go with it', async () => {
  const database = await openTestDatabase({ migrations })
  try {
    const session = await database.session()
    await startConversation(session, 'ada')
    await session.query(sql`update ai_conversations set updated_at = '2000-01-01', summary = 'A greeting.'`)
    assert.deepEqual(await session.query(sql`select updated_at > '2001-01-01' as touched from ai_conversations`), [
      { touched: true },
    ])
    await session.query(sql`delete from ai_conversations`)
    assert.deepEqual(await session.query(sql`select id from ai_messages`), [])
    // What was to be done outlives what it was for.
    assert.deepEqual(await session.query(sql`select conversation_id from ai_task_queue`), [{ conversation_id: null }])
    await session.close()
  } finally {
    await database.close()
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'metastore/database'
import { openTestDatabase } from 'metastore/testing'

test('a thread has one running run at a time, and takes its runs with it', async () => {
  const database = await openTestDatabase({ migrations: ['migrations'] })
  const session = await database.session()
  try {
    await session.query(sql`insert into threads (thread_id, metadata) values ('t', '{"graph_id": "echo"}')`)
    const [thread] = await session.query(sql`select graph_id, status, config, context from threads`)
    assert.deepEqual(thread, { graph_id: 'echo', status: 'idle', config: {}, context: {} })
    await session.query(sql`insert into runs (run_id, thread_id, status) values ('r1', 't', 'running')`)
    await assert.rejects(
      session.query(sql`insert into runs (run_id, thread_id, status) values ('r2', 't', 'running')`),
      /runs_one_running/,
    )
    await session.query(sql`delete from threads`)
    assert.deepEqual(await session.query(sql`select count(*)::int as n from runs`), [{ n: 0 }])
  } finally {
    await session.close()
    await database.close()
  }
})

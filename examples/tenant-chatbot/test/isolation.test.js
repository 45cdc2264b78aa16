import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { id, sql } from 'metastore/database'
import { openTestDatabase } from 'metastore/testing'

const migrations = [fileURLToPath(new URL('../migrations', import.meta.url))]

const tables = [
  'tenant_llm_configs',
  'tenant_widget_configs',
  'tenant_agent_permissions',
  'tenant_tool_permissions',
  'users',
  'sessions',
  'messages',
  'escalations',
  'knowledge_documents',
  'knowledge_chunks',
]

test('a tenant sees its own rows only, writes no others, and without a tenant nobody sees any', async () => {
  const database = await openTestDatabase({ migrations })
  try {
    const session = await database.session()
    const tenants = await session.query(sql`
      insert into tenants (name, domain, region) values ('a', 'a.test', 'Primary'), ('b', 'b.test', 'Secondary')
      returning id`)
    const [a, b] = tenants.map((tenant) => String(tenant['id']))
    assert.ok(a !== undefined && b !== undefined)
    for (const tenant of [a, b]) {
      await session.query(sql`
        insert into users (tenant_id, email, username, password_hash, role)
        values (${tenant}::uuid, 'u@test', 'u', '-', 'user')`)
    }

    const emails = await session.transaction(async (tx) => {
      await tx.query(sql`set local role chatbot_app`)
      await tx.query(sql`select set_config('app.tenant_id', ${a}, true)`)
      await tx.query(sql`update users set username = 'mine'`)
      await tx.query(sql`delete from users where tenant_id = ${b}::uuid`)
      return tx.query(sql`select tenant_id, username from users`)
    })
    assert.deepEqual(emails, [{ tenant_id: a, username: 'mine' }])

    const other = await session.query(sql`select username from users where tenant_id = ${b}::uuid`)
    assert.deepEqual(other, [{ username: 'u' }])

    await assert.rejects(
      session.transaction(async (tx) => {
        await tx.query(sql`set local role chatbot_app`)
        await tx.query(sql`select set_config('app.tenant_id', ${a}, true)`)
        await tx.query(sql`
          insert into users (tenant_id, email, username, password_hash, role)
          values (${b}::uuid, 'x@test', 'x', '-', 'user')`)
      }),
      /row-level security/,
    )

    await session.transaction(async (tx) => {
      await tx.query(sql`set local role chatbot_app`)
      for (const table of tables) {
        const [row] = await tx.query(sql`select count(*)::int as count from ${id(table)}`)
        assert.deepEqual(row, { count: 0 }, table)
      }
    })
    await session.close()
  } finally {
    await database.close()
  }
})

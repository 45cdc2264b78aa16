import { describe, expect, test } from 'vitest'
import { migrationDirectory } from '../test/harness/migration-files.ts'
import { sql } from './database/database.ts'
import { openTestDatabase } from './testing.ts'

describe.each(['pglite:memory', 'sqlite::memory:'])('a database for tests at %s', (url) => {
  test('has the migrations of its directories, and nothing of another one', async () => {
    const { directory } = migrationDirectory({ '1_a.sql': 'create table a (id int);\ninsert into a values (1);' })
    await using one = await openTestDatabase({ url, migrations: [directory] })
    await using other = await openTestDatabase({ url, migrations: [directory] })
    await using session = await one.session()
    await session.query(sql`insert into a values (2)`)
    await using beside = await other.session()
    expect(await beside.query(sql`select id from a`)).toEqual([{ id: 1 }])
  })

  test('is empty without directories, and says what is wrong with a migration', async () => {
    await using empty = await openTestDatabase({ url })
    await using session = await empty.session()
    await expect(session.query(sql`select 1 from a`)).rejects.toMatchObject({ reason: 'missing_object' })
    const { directory } = migrationDirectory({ '1_a.sql': 'insert into nowhere values (1);' })
    await expect(openTestDatabase({ url, migrations: [directory] })).rejects.toMatchObject({
      reason: 'missing_object',
      where: `${directory}/1_a.sql:1:13`,
    })
  })
})

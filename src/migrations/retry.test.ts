import { describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../test/harness/engines.ts'
import { migrationDirectory } from '../../test/harness/migration-files.ts'
import { openDatabase, sql, type Session } from '../database/database.ts'
import { openEngine, type EngineOptions } from './engine.ts'
import { migrate } from './migrate.ts'

const files = () => migrationDirectory({ '1_wide.sql': 'alter table busy add column wide int;' })

async function migrateBusy(url: string, options: EngineOptions) {
  await using database = await openDatabase(url)
  await using engine = await openEngine(database, options)
  return await migrate(engine, await files().read())
}

async function waitsForLock(session: Session): Promise<void> {
  const waiting = () =>
    session.query(sql`
      select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%alter table busy%'`)
  while ((await waiting()).length === 0) await session.query(sql`select pg_sleep(0.005)`)
}

describe('a migration of a busy table', () => {
  test('gives way after lock_timeout, so that readers go on, and is applied when the table is free', async () => {
    const url = await freshPostgresUrl(18)
    await using database = await openDatabase(url)
    await using holder = await database.session()
    await using reader = await database.session()
    await using observer = await database.session()
    await holder.script('create table busy (id int)')
    const notices: string[] = []
    const running = holder.transaction(async (tx) => {
      await tx.query(sql`select id from busy`)
      const migrating = migrateBusy(url, {
        lockTimeout: 100,
        progress: (event) => {
          if (event.kind === 'notice') notices.push(event.message)
        },
      })
      // Twice, so that it has given way in between; each time a reader gets through although it stands in the queue.
      for (let round = 0; round < 2; round++) {
        await waitsForLock(observer)
        expect(await reader.query(sql`select id from busy`)).toEqual([])
      }
      return { migrating }
    })
    const { migrating } = await running
    expect(await migrating).toMatchObject({ current: '1_wide' })
    expect(await reader.query(sql`select wide from busy`)).toEqual([])
  })

  test('is given up at the deadline, with nothing changed', async () => {
    const url = await freshPostgresUrl(18)
    await using database = await openDatabase(url)
    await using holder = await database.session()
    await holder.script('create table busy (id int)')
    await holder.transaction(async (tx) => {
      await tx.query(sql`select id from busy`)
      await expect(migrateBusy(url, { lockTimeout: 20, lockDeadline: 300 })).rejects.toMatchObject({
        reason: 'lock_timeout',
        where: 'migrations/1_wide.sql:1:1',
        details: expect.arrayContaining(['Nothing of 1_wide was kept: its transaction was rolled back.']),
      })
    })
    await expect(holder.query(sql`select wide from busy`)).rejects.toMatchObject({ reason: 'missing_object' })
  })
})

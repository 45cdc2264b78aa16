import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { openDatabase, sql } from '../../database/database.ts'
import { classifyStatement, type StatementKind } from './classify.ts'
import { splitStatements } from './split.ts'

const kindOf = async (text: string, dialect: 'postgres' | 'sqlite') =>
  (await splitStatements(text, dialect)).map((statement) => classifyStatement(statement).kind)

const outside = [
  'create index concurrently i on t (a)',
  'create unique index concurrently on t (a)',
  'drop index concurrently i',
  'reindex index concurrently i',
  'reindex (concurrently) table t',
  'reindex (concurrently on) schema s',
  'reindex schema s',
  'reindex database',
  'reindex system',
  'vacuum',
  'vacuum full t',
  'cluster',
  'create database d',
  'drop database if exists d',
  'alter database d set tablespace ts',
  "create tablespace ts location '/nowhere'",
  'drop tablespace if exists ts',
  'alter system set work_mem = 1024',
  'alter table p detach partition c concurrently',
  "create subscription s connection '' publication p",
  "create subscription s connection '' publication p with (create_slot = on)",
  'alter subscription s refresh publication',
  'discard all',
  "commit prepared 'a'",
  "rollback prepared 'a'",
]

describe('how statements of PostgreSQL get along with transactions', () => {
  test.each(outside)('outside: %s', async (text) => {
    expect(await kindOf(text, 'postgres')).toEqual(['outside'])
  })

  const kinds: Partial<Record<StatementKind, string[]>> = {
    // What these do to a subscription depends on the subscription; the server need not be asked for a publisher here.
    outside: [
      'drop subscription s',
      'alter subscription s set publication p',
      'alter subscription s add publication p with (refresh = on)',
      'alter subscription s set (failover = true)',
    ],
    transactional: [
      'select 1',
      'create index i on t (a)',
      'drop index i',
      'reindex (concurrently off) table t',
      'reindex index i',
      'analyze t',
      'cluster t using i',
      'alter database d set work_mem = 1024',
      'alter table p detach partition c finalize',
      "create subscription s connection '' publication p with (create_slot = false)",
      "create subscription s connection '' publication p with (connect = false)",
      'alter subscription s set publication p with (refresh = false)',
      'alter subscription s disable',
      'set local search_path = a',
      'set transaction isolation level serializable',
      "select set_config('a.b', 'c', true)",
      'savepoint a',
      'rollback to a',
      'release a',
      'notify a',
      'checkpoint',
      "alter type e add value 'x'",
      'copy t to stdout',
      "copy t from '/srv/a'",
      "copy t from program 'cat'",
      'create table t (a text)',
    ],
    session: [
      'set search_path = a',
      'set session a.b = c',
      'set role r',
      'set session authorization r',
      'set session characteristics as transaction read only',
      'reset all',
      'reset search_path',
      'set a.b to default',
      "select set_config('a.b', 'c', false)",
      "select 1 where (select pg_catalog.set_config('a.b', 'c', $1)) is null",
      'select pg_advisory_lock(1)',
      'listen a',
      'unlisten *',
      'prepare p as select 1',
      'deallocate p',
      "load 'a'",
      'discard plans',
    ],
    temporary: [
      'create temp table t (a int)',
      'create temporary table t as select 1',
      'create table pg_temp.t (a int)',
      'select 1 into temp t',
      'create temp view v as select 1',
      'create temp sequence s',
    ],
    begin: ['begin', 'start transaction read only'],
    commit: ['commit', 'end', 'commit and chain', "prepare transaction 'a'"],
    rollback: ['rollback', 'abort', 'rollback and chain'],
    uncertain: ['call p()', 'do $$ begin commit; end $$'],
  }
  for (const [kind, texts] of Object.entries(kinds)) {
    test.each(texts)(`${kind}: %s`, async (text) => {
      expect(await kindOf(text, 'postgres')).toEqual([kind])
    })
  }

  test.each([
    ['create index concurrently i on s.t (a)', { operation: 'create', schema: 's', name: 'i', ifNotExists: false }],
    [
      'create unique index concurrently if not exists "I" on t (a)',
      { operation: 'create', schema: null, name: 'I', ifNotExists: true },
    ],
    ['create index concurrently on t (a)', { operation: 'create', schema: null, name: null, ifNotExists: false }],
    ['drop index concurrently if exists s.i', { operation: 'drop', schema: 's', name: 'i', ifNotExists: false }],
    ['drop index concurrently i', { operation: 'drop', schema: null, name: 'i', ifNotExists: false }],
    ['reindex index concurrently s.i', { operation: 'reindex', schema: 's', name: 'i', ifNotExists: false }],
    ['reindex table concurrently s.t', undefined],
    ['reindex schema s', undefined],
  ])('the index that %s is about', async (text, index) => {
    const [statement] = await splitStatements(text, 'postgres')
    expect(statement && classifyStatement(statement).index).toEqual(index)
  })

  test('a server refuses in a transaction what counts as outside of one', async () => {
    const client = new Client(await freshPostgresUrl(18))
    await client.connect()
    try {
      const refused: string[] = []
      const setup = `create table t (a int); create index i on t (a); create schema s;
        create table p (a int) partition by list (a); create table c partition of p for values in (1)`
      await client.query(setup)
      for (const text of outside) {
        await client.query('begin')
        const code = await client.query(text).then(
          () => 'done',
          (error: { code: string }) => error.code,
        )
        if (code === '25001') refused.push(text)
        await client.query('rollback')
      }
      // These ask for the subscription, or the tablespace, before they look at the transaction.
      const late = ['alter subscription s refresh publication', 'alter database d set tablespace ts']
      expect(outside.filter((text) => !refused.includes(text) && !late.includes(text))).toEqual([])
    } finally {
      await client.end()
    }
  })
})

describe('how statements of SQLite get along with transactions', () => {
  const kinds: Partial<Record<StatementKind, string[]>> = {
    outside: [
      'vacuum',
      "vacuum into 'a.db'",
      'PRAGMA journal_mode = WAL',
      'pragma wal_checkpoint',
      'pragma page_size(4096)',
    ],
    session: [
      'PRAGMA foreign_keys = OFF',
      'pragma main.foreign_keys=off',
      'pragma /* a */ foreign_keys(0)',
      'pragma synchronous = 1',
      'pragma busy_timeout = 5',
      "attach 'a.db' as a",
      'detach a',
    ],
    transactional: [
      'select 1',
      'pragma foreign_keys',
      'pragma defer_foreign_keys = on',
      'pragma foreign_key_check',
      'pragma user_version = 3',
      'rollback to a',
      'rollback transaction to savepoint a',
      'create table t (a)',
    ],
    temporary: ['create temp table t (a)', 'create temporary view v as select 1'],
    begin: ['begin', 'begin immediate transaction'],
    commit: ['commit', 'end transaction'],
    rollback: ['rollback', 'rollback transaction'],
  }
  for (const [kind, texts] of Object.entries(kinds)) {
    test.each(texts)(`${kind}: %s`, async (text) => {
      expect(await kindOf(text, 'sqlite')).toEqual([kind])
    })
  }

  test('in a transaction SQLite indeed leaves foreign_keys as they are, and refuses VACUUM', async () => {
    await using database = await openDatabase('sqlite::memory:')
    await using session = await database.session()
    await session.transaction((tx) => tx.script('pragma foreign_keys = off'))
    expect(await session.query(sql`pragma foreign_keys`)).toEqual([{ foreign_keys: 1 }])
    const vacuum = session.transaction((tx) => tx.script('vacuum'))
    await expect(vacuum).rejects.toThrow('cannot VACUUM from within a transaction')
  })
})

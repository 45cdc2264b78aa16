import { describe, expect, test } from 'vitest'
import { parse, refusal } from '../../../test/harness/sql-migration.ts'
import type { Dialect } from '../../database/sql.ts'

describe('statements that cannot run in a transaction', () => {
  test.each<[Dialect, string, string]>([
    ['postgres', 'create index concurrently i on t (a)', 'CREATE INDEX CONCURRENTLY cannot run in a transaction'],
    [
      'postgres',
      'CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)',
      'CREATE UNIQUE INDEX CONCURRENTLY cannot run in a transaction',
    ],
    ['postgres', 'drop /* a */ index concurrently i', 'DROP INDEX CONCURRENTLY cannot run in a transaction'],
    ['postgres', 'reindex (concurrently) table t', 'REINDEX … CONCURRENTLY cannot run in a transaction'],
    ['postgres', 'reindex schema s', 'REINDEX SCHEMA cannot run in a transaction'],
    ['postgres', 'vacuum (full) t', 'VACUUM cannot run in a transaction'],
    ['postgres', 'cluster', 'CLUSTER cannot run in a transaction'],
    ['postgres', 'create database d', 'CREATE DATABASE cannot run in a transaction'],
    ['postgres', 'drop tablespace t', 'DROP TABLESPACE cannot run in a transaction'],
    ['postgres', 'alter system set a = 1', 'ALTER SYSTEM cannot run in a transaction'],
    [
      'postgres',
      'alter table p detach partition c concurrently',
      'ALTER TABLE … CONCURRENTLY cannot run in a transaction',
    ],
    ['postgres', 'discard all', 'DISCARD ALL cannot run in a transaction'],
    ['postgres', "commit prepared 'a'", 'COMMIT PREPARED cannot run in a transaction'],
    ['sqlite', 'vacuum', 'VACUUM cannot run in a transaction'],
    ['sqlite', 'PRAGMA journal_mode = wal', 'PRAGMA journal_mode has no effect in a transaction'],
  ])('are refused (%s: %s)', async (dialect, statement, problem) => {
    const error = await refusal(`select 1;\n  ${statement};\nselect 2;`, dialect)
    expect(error.toJSON()).toEqual({
      code: 'migration_invalid',
      message: `${problem}, and metastore runs this migration in one.`,
      where: 'migrations/001_a.sql:2:3',
      remedy: 'Put the line "-- metastore: no-transaction" at the top of the file.',
      details: [`  ${statement};`, '  ^'],
    })
    expect(await parse(`-- metastore: no-transaction\n${statement};`, dialect)).toMatchObject({
      up: { transaction: false },
    })
  })

  test('PRAGMA foreign_keys has a remedy of its own', async () => {
    expect((await refusal('PRAGMA foreign_keys = OFF;', 'sqlite')).toJSON()).toEqual({
      code: 'migration_invalid',
      message: 'PRAGMA foreign_keys has no effect in a transaction, and metastore runs this migration in one.',
      where: 'migrations/001_a.sql:1:1',
      remedy:
        'Put the line "-- metastore: no-transaction" at the top of the file, or use PRAGMA defer_foreign_keys, which works in a transaction.',
      details: ['PRAGMA foreign_keys = OFF;', '^'],
    })
  })

  test.each<[Dialect, string]>([
    ['postgres', 'create table concurrently (a int)'],
    ['postgres', 'create index i on t (concurrently)'],
    ['postgres', "create index i on t (a) where b = 'concurrently'"],
    ['postgres', 'reindex index i'],
    ['postgres', 'cluster t using i'],
    ['postgres', "comment on table t is 'vacuum'"],
    ['postgres', '-- create index concurrently\nselect 1'],
    ['postgres', 'alter table t add concurrently int'],
    ['postgres', 'create index concurrently tabel'],
    ['sqlite', 'pragma foreign_keys'],
    ['sqlite', 'pragma defer_foreign_keys = on'],
  ])('what only looks like them is left alone (%s: %s)', async (dialect, source) => {
    expect(await parse(source, dialect)).toMatchObject({ up: { text: source, transaction: true } })
  })
})

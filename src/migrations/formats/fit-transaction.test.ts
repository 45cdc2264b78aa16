import { describe, expect, test } from 'vitest'
import { parse, refusal, textOf } from '../../../test/harness/sql-migration.ts'
import type { Dialect } from '../../database/sql.ts'

describe('transactions of the file itself', () => {
  test.each<[Dialect, string, string]>([
    ['postgres', 'BEGIN;\nselect 1;\nCOMMIT;\n', '      \nselect 1;\n       \n'],
    ['postgres', 'begin work; select 1; end transaction', '            select 1;                '],
    [
      'postgres',
      '-- a\nstart /* b */\r\ntransaction;select 1;commit;',
      '-- a\n             \r\n            select 1;       ',
    ],
    ['postgres', 'begin; commit;', '              '],
    ['postgres', 'begin; savepoint a; rollback to a; commit;', '       savepoint a; rollback to a;        '],
    ['sqlite', 'begin immediate; select 1; commit;', '                 select 1;        '],
  ])('BEGIN and COMMIT around everything become blanks (%s: %j)', async (dialect, source, text) => {
    expect(await parse(source, dialect)).toMatchObject({ up: { text, source, transaction: true } })
  })

  test('each direction may have its own', async () => {
    const { up, down } = await parse('begin; select 1; commit;\n-- metastore:down\nbegin; select 2; commit;')
    expect([textOf(up), textOf(down)]).toEqual(['select 1;', 'select 2;'])
  })

  test.each<[Dialect, string, string, string]>([
    ['postgres', 'select 1;\nCOMMIT;\n', '2:1', 'COMMIT'],
    ['postgres', 'begin;\nselect 1;', '1:1', 'BEGIN'],
    ['postgres', 'select 0; begin; select 1; commit;', '1:11', 'BEGIN'],
    ['postgres', 'begin isolation level serializable; select 1; commit;', '1:1', 'BEGIN'],
    ['postgres', 'begin; select 1; commit and chain;', '1:1', 'BEGIN'],
    ['postgres', 'begin; select 1; rollback;', '1:1', 'BEGIN'],
    ['postgres', 'begin; select 1; commit; begin; select 2; commit;', '1:1', 'BEGIN'],
    ['postgres', 'select 1; abort;', '1:11', 'ABORT'],
    ['postgres', 'start transaction read only; select 1; commit', '1:1', 'START'],
    ['postgres', "select 1; prepare transaction 'a'", '1:11', 'PREPARE'],
    ['sqlite', 'pragma user_version = 1; begin; select 1; commit;', '1:26', 'BEGIN'],
    ['sqlite', 'select 1; rollback;', '1:11', 'ROLLBACK'],
  ])('anything else is refused (%s: %s)', async (dialect, source, place, statement) => {
    expect(await refusal(source, dialect)).toMatchObject({
      code: 'migration_invalid',
      message: `${statement} in a migration that metastore runs in one transaction.`,
      where: `migrations/001_a.sql:${place}`,
      remedy:
        'Remove it, or let the file manage its own transactions: put the line "-- metastore: no-transaction" at its top.',
    })
  })

  test.each<[Dialect, string]>([
    ['postgres', 'prepare transaction as select 1'],
    ['postgres', 'do $$ begin commit; end $$'],
    ['postgres', 'create procedure p() begin atomic select 1; end; select 2'],
    ['postgres', "select 'begin;'; -- commit;"],
    ['sqlite', 'create trigger t after insert on a begin select 1; end; select 2'],
  ])('what only looks like them is left alone (%s: %s)', async (dialect, source) => {
    expect(await parse(source, dialect)).toMatchObject({ up: { text: source } })
  })

  test('a file that says no-transaction keeps its own', async () => {
    const source = '-- metastore: no-transaction\nbegin; select 1; commit;\nvacuum;'
    expect(await parse(source)).toMatchObject({ up: { text: source, transaction: false } })
  })
})

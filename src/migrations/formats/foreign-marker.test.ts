import { describe, expect, test } from 'vitest'
import { parse, refusal, sqlOf, textOf } from '../../../test/harness/sql-migration.ts'

describe('the markers of other tools', () => {
  test.each<[string, string, string, boolean, string | undefined, boolean | undefined]>([
    ['dbmate', '-- migrate:up\nselect 1;\n\n-- migrate:down\nselect 2;\n', 'select 1;', true, 'select 2;', true],
    [
      'dbmate without a transaction',
      '-- migrate:up transaction:false\nvacuum;\n-- migrate:down transaction:false\nvacuum;',
      'vacuum;',
      false,
      'vacuum;',
      false,
    ],
    ['a fresh template of dbmate', '-- migrate:up\n\n\n-- migrate:down\n\n', '', true, undefined, undefined],
    [
      'goose',
      '-- +goose Up\n-- +goose StatementBegin\nselect 1;\n-- +goose StatementEnd\n-- +goose Down\nselect 2;',
      '-- +goose StatementBegin\nselect 1;\n-- +goose StatementEnd',
      true,
      'select 2;',
      true,
    ],
    [
      'goose without a transaction',
      '-- +goose NO TRANSACTION\n-- +goose Up\nvacuum;\n-- +goose Down\nselect 2;',
      'vacuum;',
      false,
      'select 2;',
      false,
    ],
    ['sql-migrate', '-- +migrate Up\nselect 1;\n-- +migrate Down\nselect 2;', 'select 1;', true, 'select 2;', true],
    [
      'sql-migrate without a transaction',
      '-- +migrate Up notransaction\nvacuum;\n-- +migrate Down\nselect 2;',
      'vacuum;',
      false,
      'select 2;',
      true,
    ],
  ])('are understood: %s', async (_, source, up, upTransaction, down, downTransaction) => {
    const migration = await parse(source)
    expect([textOf(migration.up), sqlOf(migration.up)?.transaction]).toEqual([up, upTransaction])
    expect([textOf(migration.down), sqlOf(migration.down)?.transaction]).toEqual([down, downTransaction])
  })

  test('go together with a header of metastore', async () => {
    const source = '-- metastore: priority=P0 no-transaction\n-- migrate:up\nvacuum;\n-- migrate:down\nselect 2;'
    expect(await parse(source)).toMatchObject({
      priority: 'P0',
      up: { transaction: false },
      down: { transaction: false },
    })
  })

  test('are no markers in prose', async () => {
    const source = '-- migrate: the users\n-- migrate:everything from v1\nselect 1;'
    expect(await parse(source)).toMatchObject({ up: { text: source }, down: undefined })
  })

  test.each([
    ['-- migrate:donw', '1:12', '"donw" is no marker of dbmate that metastore understands.', 'Did you mean down?'],
    [
      '-- migrate:up transaction:flase',
      '1:12',
      '"up transaction:flase" is no marker of dbmate that metastore understands.',
      'Did you mean up transaction:false?',
    ],
    ['-- +goose Dwon', '1:11', '"Dwon" is no marker of goose that metastore understands.', 'Did you mean down?'],
    [
      '-- +goose ENVSUB ON',
      '1:11',
      '"ENVSUB ON" is no marker of goose that metastore understands.',
      'Use one of up, down, no transaction, statementbegin, statementend.',
    ],
    [
      '-- +migrate Up notransacton',
      '1:13',
      '"Up notransacton" is no marker of sql-migrate that metastore understands.',
      'Did you mean up notransaction?',
    ],
    [
      '-- migrate:up\n-- migrate:up',
      '2:1',
      'The file has a second up part.',
      'Put its statements under the first one.',
    ],
  ])('are refused where they are wrong: %j', async (source, place, message, remedy) => {
    expect((await refusal(source)).toJSON()).toMatchObject({
      code: 'migration_invalid',
      message,
      where: `migrations/001_a.sql:${place}`,
      remedy,
    })
  })
})

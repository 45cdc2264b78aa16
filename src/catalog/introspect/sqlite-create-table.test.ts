import { describe, expect, test } from 'vitest'
import { readCreateTable } from './sqlite-create-table.ts'
import { readCreateIndex, readCreateTrigger } from './sqlite-statements.ts'

describe('The text of CREATE TABLE', () => {
  test('is read through comments, strings and quoted names that look like SQL', () => {
    const { columns, constraints } = readCreateTable(`
      CREATE TABLE "a,b" (
        [check] text default 'x, constraint y' collate nocase, -- unique (z)
        "unique" int /* primary key, */ check ("unique" <> ')' and 1 in (1, 2)),
        \`primary\` text not null on conflict replace
      )`)
    expect([...columns]).toEqual([
      ['check', { collation: 'nocase', generated: null }],
      ['unique', { collation: null, generated: null }],
      ['primary', { collation: null, generated: null }],
    ])
    expect(constraints).toEqual([
      {
        kind: 'check',
        name: null,
        columns: ['unique'],
        expression: `"unique" <> ')' and 1 in (1, 2)`,
        deferrable: 'no',
        conflict: null,
      },
    ])
  })

  test('gives each clause to the constraint that it is about', () => {
    const { constraints } = readCreateTable(`create table t (
      a int constraint first references u on delete set default deferrable initially deferred unique on conflict ignore,
      b int constraint second references u (x) on update set null not deferrable initially deferred,
      c int default -1 references u deferrable initially immediate,
      constraint third primary key (a, b desc) on conflict rollback
      constraint fourth foreign key (c) references u (y) deferrable,
      unique (c))`)
    expect(
      constraints.map(({ kind, name, columns, deferrable, conflict }) => [kind, name, columns, deferrable, conflict]),
    ).toEqual([
      ['foreign_key', 'first', ['a'], 'deferred', null],
      ['unique', null, ['a'], 'no', 'IGNORE'],
      ['foreign_key', 'second', ['b'], 'no', null],
      ['foreign_key', null, ['c'], 'immediate', null],
      ['primary_key', 'third', ['a', 'b'], 'no', 'ROLLBACK'],
      ['foreign_key', 'fourth', ['c'], 'immediate', null],
      ['unique', null, ['c'], 'no', null],
    ])
  })

  test('tells autoincrement wherever it stands', () => {
    expect(readCreateTable('create table t (id integer primary key autoincrement)').autoincrement).toBe(true)
    expect(readCreateTable('create table t (id integer, primary key (id autoincrement))').autoincrement).toBe(true)
    expect(readCreateTable('create table t ("autoincrement" integer primary key)').autoincrement).toBe(false)
  })

  test('gives the expression of a generated column, with and without GENERATED ALWAYS', () => {
    const { columns } = readCreateTable(
      'create table t (a int, b as (a * (2)), c int generated always as (a + b) stored)',
    )
    expect([...columns.values()].map(({ generated }) => generated)).toEqual([null, 'a * (2)', 'a + b'])
  })
})

describe('The text of CREATE INDEX', () => {
  test('gives keys without their order and collation, and the condition', () => {
    expect(
      readCreateIndex(`CREATE INDEX "on" ON t (lower(a, ','), b COLLATE nocase DESC, c asc) WHERE a > 'x' -- rest`),
    ).toEqual({ keys: [`lower(a, ',')`, 'b', 'c'], predicate: "a > 'x'" })
    expect(readCreateIndex('create index i on t (a)').predicate).toBeNull()
  })
})

describe('The text of CREATE TRIGGER', () => {
  test('gives the time, the event and the columns', () => {
    const read = (head: string) => readCreateTrigger(`create trigger t ${head} on u begin delete from v; end`)
    expect(read('after delete')).toEqual({ timing: 'after', events: ['delete'], columns: [] })
    expect(read('insert')).toEqual({ timing: 'before', events: ['insert'], columns: [] })
    expect(read('before update of "a b", c')).toEqual({ timing: 'before', events: ['update'], columns: ['a b', 'c'] })
    expect(read('instead of update')).toEqual({ timing: 'instead_of', events: ['update'], columns: [] })
  })
})

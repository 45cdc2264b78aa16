import { describe, expect, test } from 'vitest'
import type { Dialect } from '../database/database.ts'
import { compilePart } from './compile.ts'
import type { SqlPart } from './migration.ts'

const part = (text: string, transaction = false): SqlPart => {
  const header = '-- metastore: no-transaction\n'
  return { kind: 'sql', text, path: 'migrations/1_a.sql', offset: header.length, source: header + text, transaction }
}
const steps = async (text: string, dialect: Dialect = 'postgres') =>
  (await compilePart(part(text), dialect)).steps.map((step) => [step.kind, step.label])

describe('compiling a migration', () => {
  test('a transactional file is one step, as it was written', async () => {
    const { atomic, steps: compiled } = await compilePart(part('select 1;\n-- no\nselect 2;', true), 'postgres')
    expect(atomic).toBe(true)
    expect(compiled).toMatchObject([{ kind: 'transaction', label: 'select 1; select 2;' }])
  })

  test('outside a transaction each statement is a step of the kind that it needs', async () => {
    const text = `set lock_timeout = '1s';
insert into a values (1);
create index concurrently if not exists i on s.a (x);
begin /* odd */ ;
insert into a values (2); insert into a values (3);
commit;
do $$ begin null; end $$;
vacuum a;`
    expect(await steps(text)).toEqual([
      ['setting', "set lock_timeout = '1s'"],
      ['transaction', 'insert into a values (1)'],
      ['outside', 'create index concurrently if not exists i on s.a (x)'],
      ['transaction', 'insert into a values (2); insert into a values (3);'],
      ['outside', 'do $$ begin null; end $$'],
      ['outside', 'vacuum a'],
    ])
    const compiled = await compilePart(part(text), 'postgres')
    expect(compiled.steps[2]).toMatchObject({
      index: { operation: 'create', schema: 's', name: 'i', ifNotExists: true },
      repeatable: true,
    })
    expect(compiled.steps[4]).toMatchObject({ index: undefined, repeatable: false })
  })

  test('a step keeps its key when something is written above it, and the same text twice gives two keys', async () => {
    const keys = async (text: string) => (await compilePart(part(text), 'postgres')).steps.map(({ key }) => key)
    const [first, twin] = await keys('insert into a values (1); insert into a values (1);')
    expect(twin).toBe(`${first}#2`)
    expect(await keys('-- a remark\nselect 0;\n\ninsert into a values (1);')).toContain(first)
  })

  test.each([
    [
      'begin; insert into a values (1);',
      'The transaction that begins here is never committed.',
      'Add commit; after its last statement.',
      '2:1',
    ],
    [
      'select 1;\ncommit;',
      'COMMIT stands outside a transaction of the file, where it means nothing.',
      'Remove it, or write begin; … commit; around what belongs together.',
      '3:1',
    ],
    [
      'begin; select 1; rollback; commit;',
      'ROLLBACK cannot stand between the begin and the commit of the file.',
      'Move it out of the transaction.',
      '2:18',
    ],
    [
      'begin; create index concurrently i on a (x); commit;',
      'CREATE INDEX cannot stand between the begin and the commit of the file.',
      'Move it out of the transaction.',
      '2:8',
    ],
    [
      'create temporary table t (id int);',
      'What is temporary is lost with its session, so a file outside a transaction could not go on after an interruption.',
      'Write begin; … commit; around what uses it, or make it an ordinary table and drop it at the end.',
      '2:1',
    ],
    ['selec 1;', 'PostgreSQL cannot parse this statement: syntax error at or near "selec".', expect.any(String), '2:1'],
  ])('%s is refused', async (text, message, remedy, place) => {
    await expect(steps(text)).rejects.toMatchObject({ message, remedy, where: `migrations/1_a.sql:${place}` })
  })

  test('SQLite has settings and statements of its own', async () => {
    expect(await steps('pragma foreign_keys = off; create table b (id int); vacuum;', 'sqlite')).toEqual([
      ['setting', 'pragma foreign_keys = off'],
      ['transaction', 'create table b (id int)'],
      ['outside', 'vacuum'],
    ])
  })
})

import { expect, test } from 'vitest'
import { splitStatements } from './statements.ts'

const texts = (script: string): string[] => splitStatements(script).map(({ text }) => text)

test('a script is split at the semicolons that end statements', () => {
  expect(texts('select 1; select 2')).toEqual(['select 1', 'select 2'])
  expect(texts(`select ';', ";", \`;\`, [;] -- ;\n/* ; */ ;select 'it''s;'`)).toEqual([
    `select ';', ";", \`;\`, [;] -- ;\n/* ; */ `,
    `select 'it''s;'`,
  ])
})

test('comments and semicolons alone are no statements', () => {
  expect(texts('')).toEqual([])
  expect(texts(' ;; -- nothing\n; /* ; */')).toEqual([])
  expect(texts('/* open')).toEqual([])
})

test('a statement begins at its first word, wherever the comment before it ends', () => {
  const script = '-- first\nselect 1;\n/* second */\n  select 2 ;'
  for (const { text, start } of splitStatements(script)) expect(script.slice(start, start + text.length)).toBe(text)
  expect(splitStatements(script).map(({ start }) => start)).toEqual([9, 34])
})

test('a trigger ends with the semicolon after its END', () => {
  const trigger = `create temp trigger if not exists t after insert on a begin
    update b set c = case when 1 then 2 end; -- end;
    select 'end;';
  end`
  expect(texts(`${trigger};select 1`)).toEqual([trigger, 'select 1'])
  expect(texts(`${trigger};`)).toEqual([trigger])
  expect(texts('create trigger t after insert on a begin select 1; end ; select 2')).toEqual([
    'create trigger t after insert on a begin select 1; end ',
    'select 2',
  ])
  expect(texts('explain query plan create trigger t after insert on a begin select 1; end; select 2')).toHaveLength(2)
  expect(texts('create table trigger_like (a); select 1')).toHaveLength(2)
})

test('what is quoted and never closed is one statement with the rest', () => {
  expect(texts(`select 'x; select 1`)).toEqual([`select 'x; select 1`])
  expect(texts('select [x; select 1')).toEqual(['select [x; select 1'])
})

test('a script of a hundred thousand statements is split in linear time', () => {
  const script = `insert into t values ('${'x;'.repeat(10)}');\n`.repeat(100_000)
  expect(splitStatements(script)).toHaveLength(100_000)
})

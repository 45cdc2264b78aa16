import { expect, test } from 'vitest'
import { describeBlocker, firstWords, type Blocker } from './blockers.ts'

test.each([
  ['select id from runs', 'select id from runs'],
  ['select id\n  from runs -- of ann@example.com\n where id = 1234', 'select id from runs where id = …'],
  ["select 1 from runs where name = 'secret' and x = 'more'", 'select … from runs where name = …'],
  ["update runs set name = E'it\\'s secret', x = 'y'", 'update runs set name = …'],
  ["select 'a\\', 'secret'", 'select …'],
  ['do $body$ select 1; $body$', 'do …'],
  ['select $$secret$$', 'select …'],
  ["select /* 'secret' */ t2.c3 from t2", 'select t2.c3 from t2'],
  ['select /* never closed secret', 'select'],
  [`select ${'a, '.repeat(100)}`, `select ${'a, '.repeat(100)}`.slice(0, 79) + '…'],
  ['', ''],
])('of %j it shows %j', (query, shown) => {
  expect(firstWords(query)).toBe(shown)
})

const blocker: Blocker = {
  pid: 4711,
  gid: null,
  application: 'psql',
  role: 'ann',
  state: 'idle in transaction',
  query: "select name from runs where token = 'secret'",
  seconds: 12.4,
  table: 'runs',
}

test('a session in the way is told with its process, its age and what it does', () => {
  expect(describeBlocker(blocker)).toBe(
    'Server process 4711 (psql, ann), whose transaction is open for 12 s, uses runs; it last ran: select name from runs where token = …',
  )
  expect(describeBlocker({ ...blocker, state: 'active', application: '' })).toBe(
    'Server process 4711 (ann), whose transaction is open for 12 s, uses runs; it is running: select name from runs where token = …',
  )
  expect(describeBlocker({ ...blocker, application: '', role: null, query: null })).toBe(
    'Server process 4711, whose transaction is open for 12 s, uses runs.',
  )
})

test('a prepared transaction in the way is told by its name', () => {
  expect(describeBlocker({ ...blocker, pid: null, gid: 'order-1' })).toBe(
    'The prepared transaction order-1, open for 12 s, uses runs.',
  )
})

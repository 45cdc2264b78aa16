import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { MetastoreError } from '../../errors.ts'
import { type Database, DatabaseError, failedBecause, openDatabase, type Session, sql } from '../database.ts'
import { toDatabaseError } from './server-failure.ts'

let db: Database
let session: Session

beforeAll(async () => {
  db = await openDatabase(await freshPostgresUrl(18))
  session = await db.session()
  await session.script(`
    create schema app;
    create table app.runs (id int primary key, name text not null check (name <> 'bad'), parent int references app.runs);
    create view app.names as select name from app.runs;
    create domain app.even as int check (value % 2 = 0);
    create function app.divide(n int) returns int language plpgsql as $$ begin return 1 / n; end $$;
    insert into app.runs values (1, 'one');
    drop role if exists failing; create role failing`)
})
afterAll(() => db.close())

const lacking = 'Check the name, and whether what creates it has been run.'
const taken = 'Choose another name, or drop or rename what already has it.'
const rows = 'Correct the rows that violate it, or the statement.'

test.each([
  {
    script: `select * from app.nothing`,
    reason: 'missing_object',
    engineCode: '42P01',
    message: 'relation "app.nothing" does not exist.',
    remedy: 'Check the name, the search_path, and whether the migration that creates it has been applied.',
    position: 14,
  },
  {
    script: `select nme from app.runs`,
    reason: 'missing_object',
    engineCode: '42703',
    message: 'column "nme" does not exist.',
    remedy: 'Check the name, and whether the migration that adds the column has been applied.',
    details: ['HINT: Perhaps you meant to reference the column "runs.name".'],
    position: 7,
  },
  {
    script: `select nofunction(1)`,
    reason: 'missing_object',
    engineCode: '42883',
    message: 'function nofunction(integer) does not exist.',
    remedy: lacking,
  },
  {
    script: `select 1::notype`,
    reason: 'missing_object',
    engineCode: '42704',
    message: 'type "notype" does not exist.',
    remedy: lacking,
  },
  {
    script: `create table nowhere.t ()`,
    reason: 'missing_object',
    engineCode: '3F000',
    message: 'schema "nowhere" does not exist.',
    remedy: 'Create the schema first, or correct the search_path.',
  },
  {
    script: `create table app.runs ()`,
    reason: 'duplicate_object',
    engineCode: '42P07',
    message: 'relation "runs" already exists.',
    remedy: taken,
  },
  {
    script: `create schema app`,
    reason: 'duplicate_object',
    engineCode: '42P06',
    message: 'schema "app" already exists.',
    remedy: taken,
  },
  {
    script: `alter table app.runs add name text`,
    reason: 'duplicate_object',
    engineCode: '42701',
    message: 'column "name" of relation "runs" already exists.',
    remedy: taken,
  },
  {
    script: `create role failing`,
    reason: 'duplicate_object',
    engineCode: '42710',
    message: 'role "failing" already exists.',
    remedy: taken,
  },
  {
    script: `insert into app.runs values (1, 'two')`,
    reason: 'constraint',
    engineCode: '23505',
    message: 'duplicate key value violates unique constraint "runs_pkey".',
    remedy: rows,
    object: 'constraint runs_pkey of table app.runs',
    where: 'constraint runs_pkey of table app.runs',
    details: ['DETAIL: Key (id)=(1) already exists.'],
    position: undefined,
  },
  {
    script: `insert into app.runs values (2, null)`,
    reason: 'constraint',
    engineCode: '23502',
    object: 'column app.runs.name',
    remedy: rows,
  },
  {
    script: `insert into app.runs values (2, 'bad')`,
    reason: 'constraint',
    engineCode: '23514',
    object: 'constraint runs_name_check of table app.runs',
  },
  {
    script: `insert into app.runs values (2, 'x', 9)`,
    reason: 'constraint',
    engineCode: '23503',
    object: 'constraint runs_parent_fkey of table app.runs',
  },
  { script: `select 3::app.even`, reason: 'constraint', engineCode: '23514', object: 'constraint even_check' },
  {
    script: `selct 1`,
    reason: 'syntax',
    engineCode: '42601',
    message: 'syntax error at or near "selct".',
    remedy: 'Correct the statement.',
    position: 0,
  },
  {
    script: `select 1 from`,
    reason: 'syntax',
    engineCode: '42601',
    message: 'syntax error at end of input.',
    position: 13,
  },
  { script: `select '🐘', 'é' selct x`, reason: 'syntax', engineCode: '42601', position: 23 },
  {
    script: `set role failing; select * from app.runs`,
    reason: 'permission',
    engineCode: '42501',
    message: 'permission denied for schema app.',
    remedy: 'Grant the role what it lacks, or connect as a role that has it.',
  },
  {
    script: `begin read only; create table t ()`,
    reason: 'other',
    engineCode: '25006',
    message: 'cannot execute CREATE TABLE in a read-only transaction.',
    remedy:
      'Connect to the primary server with a role that may write; a standby, or a server with default_transaction_read_only, refuses.',
  },
  {
    script: `drop table app.runs`,
    reason: 'other',
    engineCode: '2BP01',
    message: 'cannot drop table app.runs because other objects depend on it.',
    remedy: 'Change or drop what depends on it first.',
    details: [
      'DETAIL: view app.names depends on table app.runs',
      'HINT: Use DROP ... CASCADE to drop the dependent objects too.',
    ],
  },
  {
    script: `create extension nonesuch`,
    reason: 'other',
    engineCode: '0A000',
    message: 'extension "nonesuch" is not available.',
    remedy: 'Write it without what this server does not support, or use a version that does.',
  },
  {
    script: `select app.divide(0)`,
    reason: 'other',
    engineCode: '22012',
    message: 'division by zero.',
    remedy: 'Correct the statement, or what it works on, and run it again.',
    details: ['CONTEXT: PL/pgSQL function app.divide(integer) line 1 at RETURN'],
    position: undefined,
  },
  {
    script: `do $$ begin execute 'select nowhere'; end $$`,
    reason: 'missing_object',
    engineCode: '42703',
    details: ['QUERY: select nowhere', 'CONTEXT: PL/pgSQL function inline_code_block line 1 at EXECUTE'],
    position: undefined,
  },
  {
    script: `set statement_timeout = '20ms'; select pg_sleep(600)`,
    reason: 'canceled',
    engineCode: '57014',
    message: 'canceling statement due to statement timeout.',
    remedy: 'If it was the statement_timeout, raise that for this role; otherwise ask who canceled the statement.',
  },
  {
    script: `begin isolation level serializable; do $$ begin raise sqlstate '40001'; end $$`,
    reason: 'serialization',
    engineCode: '40001',
    remedy: 'Run the same command again.',
  },
])('$script fails with SQLSTATE $engineCode', async ({ script, ...expected }) => {
  await using own = await db.session()
  const failure = await own.script(script).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(DatabaseError)
  expect(failure).toMatchObject({ code: 'statement_failed', statement: script, ...expected })
})

test('two transactions that block each other: one of them fails for a deadlock', async () => {
  await using one = await db.session()
  await using two = await db.session()
  await session.script('create table pair (id int primary key); insert into pair values (1), (2)')
  let ready = 0
  let go: () => void = () => {}
  const start = new Promise<void>((resolve) => (go = resolve))
  const cross = (each: Session, first: number, second: number) =>
    each.transaction(async (tx) => {
      await tx.query(sql`select from pair where id = ${first} for update`)
      if (++ready === 2) go()
      await start
      await tx.query(sql`select from pair where id = ${second} for update`)
    })
  const ends = await Promise.allSettled([cross(one, 1, 2), cross(two, 2, 1)])
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
  expect(failures).toHaveLength(1)
  expect(failures[0]).toMatchObject({
    reason: 'deadlock',
    engineCode: '40P01',
    message: 'deadlock detected.',
    remedy: 'Run the same command again; if it happens often, keep other writers away meanwhile.',
  })
  expect(failedBecause(failures[0], 'busy', 'deadlock')).toBe(true)
})

test('bound values are nowhere in a failure', async () => {
  const failure = await session.query(sql`select ${'hunter2'}::text || nowhere`).catch((error: unknown) => error)
  expect(failure).toMatchObject({ statement: 'select $1::text || nowhere', position: 19 })
  expect(JSON.stringify(failure)).not.toContain('hunter2')
})

test('what is a failure of ours already passes through', () => {
  const ours = new MetastoreError({ code: 'canceled', message: 'No.', remedy: 'None.' })
  expect(toDatabaseError(ours, 'select 1')).toBe(ours)
})

test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])('%s is a lost connection and not an SQLSTATE', (code) => {
  const error = Object.assign(new Error(`write ${code}`), { code, syscall: 'write' })
  expect(toDatabaseError(error, 'select 1')).toMatchObject({
    code: 'connection_lost',
    reason: 'connection_lost',
    engineCode: undefined,
    message: 'The connection to the database broke while a statement was running.',
    remedy: 'Look in the log of the database server for the reason, then run the same command again.',
    details: [`write ${code}`],
  })
})

test('anything else keeps its message and its cause', () => {
  const error = new TypeError('x is not a function')
  expect(toDatabaseError(error, undefined)).toMatchObject({
    code: 'statement_failed',
    reason: 'other',
    message: 'x is not a function.',
    cause: error,
  })
})

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Libsql from 'libsql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProgram } from '../../../test/harness/child.ts'
import { temporaryDirectory } from '../../../test/harness/engines.ts'
import { type Database, type Session, openDatabase, raw, sql } from '../database.ts'

let db: Database
let session: Session

beforeAll(async () => {
  db = await openDatabase('sqlite::memory:')
  session = await db.session()
})
afterAll(() => db.close())

const newFile = (): string => path.join(temporaryDirectory(), 'parent', 'test.db')

test('the database says what it is', () => {
  expect(db.dialect).toBe('sqlite')
  expect(db.server).toEqual({ name: 'SQLite', version: '3.45.1', major: 3 })
  expect(db.features).toEqual({
    manySessions: false,
    schemas: false,
    concurrentIndexes: false,
    lockTimeout: false,
    cancelOnServer: false,
    roles: false,
  })
})

test('values are stored as what they are, and come back as JavaScript has them', async () => {
  const bytes = new Uint8Array([0, 1, 255])
  const [row] = await session.query(sql`
    select ${1} as one, typeof(${1}) as one_type, ${1.5} as half, ${true} as yes, ${false} as nay, typeof(${true}) as yes_type,
      ${9007199254740993n} as large, ${-(2n ** 63n)} as least, 9007199254740993 as written, ${5n} as small,
      ${new Date(86_400_000)} as time, ${bytes} as bytes, ${new Uint8Array()} as no_bytes, ${null} as void, ${'ü🐘'} as text`)
  expect(row).toEqual({
    one: 1,
    one_type: 'integer',
    half: 1.5,
    yes: 1,
    nay: 0,
    yes_type: 'integer',
    large: 9007199254740993n,
    least: -(2n ** 63n),
    written: 9007199254740993n,
    small: 5,
    time: '1970-01-02T00:00:00.000Z',
    bytes,
    no_bytes: new Uint8Array(),
    void: null,
    text: 'ü🐘',
  })
})

test('rows hold their columns and nothing else, the last of two with one name', async () => {
  const rows = await session.query(sql`select 1 as a, 2 as a, 3 as "b c"`)
  expect(rows.map((row) => Object.entries(row))).toEqual([
    [
      ['a', 2],
      ['b c', 3],
    ],
  ])
  expect(await session.query(sql`pragma foreign_keys`)).toEqual([{ foreign_keys: 1 }])
  await session.script('create table returned (id integer primary key, name text)')
  expect(await session.query(sql`insert into returned (name) values (${'x'}) returning id, name`)).toEqual([
    { id: 1, name: 'x' },
  ])
  expect(await session.query(sql`insert into returned (name) values (${'y'})`)).toEqual([])
})

test('values that SQLite would change in silence are refused', async () => {
  await expect(session.query(sql`select ${'a\0b'} as text`)).rejects.toMatchObject({
    code: 'name_invalid',
    message: 'SQLite cannot read back a text with a zero byte.',
    remedy: 'Remove the zero byte, or store the value as bytes.',
  })
  await expect(session.query(sql`select ${2n ** 63n} as large`)).rejects.toMatchObject({
    code: 'name_invalid',
    message: 'SQLite has no integer as large as 9223372036854775808.',
    remedy: 'Store it as text.',
  })
  await expect(session.load({ table: ['returned'], columns: ['name'] }, [['a\0b']])).rejects.toMatchObject({
    code: 'name_invalid',
  })
})

test('a query is one statement, and what follows it is not dropped in silence', async () => {
  await expect(session.query(sql`select 1; drop table returned`)).rejects.toMatchObject({
    code: 'statement_failed',
    reason: 'syntax',
    message: 'A query is one statement, and this holds more than one.',
    remedy: 'Correct the statement.',
    position: 10,
  })
  expect(await session.query(sql`select 1 as one; -- the end`)).toEqual([{ one: 1 }])
  expect(await session.query(sql`-- nothing`)).toEqual([])
  await session.script('')
})

const syntax = 'Correct the statement.'
const missing = 'Check the name, and whether what creates it has been run.'
const duplicate = 'Choose another name, or drop or rename what already has it.'
const violated = 'Correct the rows that violate it, or the statement.'

test.each([
  ['selec 1', 'syntax', 'near "selec": syntax error.', undefined, 0, syntax],
  ['select 1;\n-- then\ncreate tabel x (a)', 'syntax', 'near "tabel": syntax error.', undefined, 25, syntax],
  ['select (1', 'syntax', 'incomplete input.', undefined, 9, syntax],
  [`select 1, 'x`, 'syntax', `unrecognized token: "'x".`, undefined, 10, syntax],
  [
    'select 1;\0 drop table returned',
    'syntax',
    'The statement holds a zero byte, which SQLite cannot read.',
    undefined,
    9,
    syntax,
  ],
  ['select * from nowhere', 'missing_object', 'no such table: nowhere.', 'table nowhere', 14, missing],
  ['select name, other from returned', 'missing_object', 'no such column: other.', 'column other', 13, missing],
  [
    'select name from returned where absent(1)',
    'missing_object',
    'no such function: absent.',
    'function absent',
    32,
    missing,
  ],
  [
    'create table "returned" (a)',
    'duplicate_object',
    'table "returned" already exists.',
    'table returned',
    13,
    duplicate,
  ],
  [
    'alter table returned add column name',
    'duplicate_object',
    'duplicate column name: name.',
    undefined,
    32,
    duplicate,
  ],
  [
    'insert into returned values (1, 2)',
    'constraint',
    'UNIQUE constraint failed: returned.id.',
    'column returned.id',
    0,
    violated,
  ],
  [
    'select 1; insert into returned values (1, 2)',
    'constraint',
    'UNIQUE constraint failed: returned.id.',
    'column returned.id',
    10,
    violated,
  ],
] as const)('a failure says what and where: %s', async (text, reason, message, object, position, remedy) => {
  await expect(session.script(text)).rejects.toMatchObject({
    code: 'statement_failed',
    reason,
    message,
    object,
    position,
    remedy,
    statement: text,
  })
})

test('a failure in a script tells how many statements had completed', async () => {
  await expect(session.script('select 1; select 2; select * from nowhere; select 3')).rejects.toMatchObject({
    completed: 2,
  })
  await expect(session.script('selec 1')).rejects.toMatchObject({ completed: 0 })
})

test('a transaction that SQLite rolled back by itself is over, even when the caller swallows the failure', async () => {
  await session.script(`
    create table guarded (id int);
    create trigger guard before insert on guarded when new.id < 0 begin select raise(rollback, 'no; really'); end;`)
  const work = session.transaction(async (tx) => {
    await tx.script('insert into guarded values (1)')
    await tx.script('insert into guarded values (-1)').catch(() => {})
    await tx.script('insert into guarded values (2)').catch(() => {})
  })
  await expect(work).rejects.toMatchObject({
    code: 'statement_failed',
    message:
      'The transaction cannot be committed, because a statement in it has failed (no; really.); it was rolled back.',
  })
  expect(await session.query(sql`select id from guarded`)).toEqual([])
})

test('what a handle set is undone when it is closed, and before a transaction that asks for it', async () => {
  const setting = sql`pragma foreign_keys`
  const other = await db.session()
  await other.script('pragma foreign_keys = off')
  expect(await session.query(setting)).toEqual([{ foreign_keys: 0 }])
  await other.close()
  expect(await session.query(setting)).toEqual([{ foreign_keys: 1 }])
  await session.script('pragma foreign_keys = off')
  await session.transaction(async (tx) => expect(await tx.query(setting)).toEqual([{ foreign_keys: 1 }]), {
    resetSession: true,
  })
})

test('a file is made with its directory, and keeps its data and its journal mode', async () => {
  const file = newFile()
  const first = await openDatabase(`sqlite:${file}`)
  await using writer = await first.session()
  await writer.script('pragma journal_mode = wal; create table t (a); insert into t values (1)')
  await first.close()
  await using second = await openDatabase(`sqlite:${file}`)
  await using reader = await second.session()
  expect(await reader.query(sql`select a from t`)).toEqual([{ a: 1 }])
  expect(await reader.query(sql`pragma journal_mode`)).toEqual([{ journal_mode: 'wal' }])
})

test('a file that another connection is writing to is busy after the time to wait', async () => {
  const file = newFile()
  await using db = await openDatabase(`sqlite:${file}`)
  await using session = await db.session()
  await session.script('create table t (a)')
  const other = new Libsql(file)
  other.exec('begin immediate')
  const busy = {
    code: 'database_locked',
    reason: 'busy',
    engineCode: 'SQLITE_BUSY',
    message: `The database sqlite:${file} stayed locked by another connection.`,
    remedy:
      'Wait until the program that is writing to the file is done, or close it (an application or a database browser), and run it again.',
  }
  await expect(session.transaction(() => Promise.resolve(), { lockTimeout: 0 })).rejects.toMatchObject(busy)
  expect(await session.query(sql`select a from t`)).toEqual([])
  const waiting = session.transaction((tx) => tx.script('insert into t values (1)'))
  other.exec('rollback')
  await waiting
  expect(await session.query(sql`select a from t`)).toEqual([{ a: 1 }])
  other.close()
})

test('a file that is no database is refused and left alone', async () => {
  const directory = temporaryDirectory()
  const file = path.join(directory, 'notes.txt')
  writeFileSync(file, 'These are notes, and enough of them to fill what SQLite looks at first. '.repeat(20))
  await expect(openDatabase(`sqlite:${file}`)).rejects.toMatchObject({
    code: 'connection_failed',
    message: `The file ${file} is not an SQLite database, or it is encrypted.`,
    where: file,
    remedy: 'Name another file, or move this one away to begin with an empty database.',
  })
  const folder = path.join(directory, 'folder')
  mkdirSync(folder)
  for (const impossible of [folder, path.join(file, 'test.db'), path.join(directory, 'no', 'such', 'test.db')]) {
    await expect(openDatabase(`sqlite:${impossible}`)).rejects.toMatchObject({
      code: 'connection_failed',
      message: `The SQLite database ${impossible} cannot be opened.`,
      where: impossible,
      remedy:
        'Make sure that its directory exists, that it is a file itself, and that this user may read and write both.',
    })
  }
})

test('a database that may only be read says so when it is written to', async () => {
  await session.script('pragma query_only = on')
  await expect(session.script('delete from returned')).rejects.toMatchObject({
    reason: 'permission',
    engineCode: 'SQLITE_READONLY',
    message: 'attempt to write a readonly database.',
    remedy: 'Give this user the right to write to the file and its directory.',
  })
  await session.script('pragma query_only = off')
})

test('the migration lock of a file keeps out other databases on it, and dies with its process', async () => {
  const file = newFile()
  await using one = await openDatabase(`sqlite:${file}`)
  await using two = await openDatabase(`sqlite:${file}`)
  const attempt = await one.tryLock({ command: 'migrate' })
  if (!('lock' in attempt)) throw new Error('The lock was free.')
  expect(await two.tryLock({ command: 'seed' })).toMatchObject({ heldBy: { pid: process.pid, command: 'migrate' } })
  expect(await one.tryLock({ command: 'seed' })).toMatchObject({ heldBy: { command: 'migrate' } })
  // Who only reads and writes does not mind.
  await using session = await two.session()
  await session.script('create table t (a)')
  await attempt.lock.release()
  expect('lock' in (await two.tryLock({ command: 'seed' }))).toBe(true)
  await two.close()
  expect('lock' in (await one.tryLock({ command: 'seed' }))).toBe(true)
})

test('a statement that is interrupted is rolled back with its transaction, and the database can be used', async () => {
  const file = newFile()
  await using db = await openDatabase(`sqlite:${file}`)
  await using session = await db.session()
  await session.script('create table t (a); insert into t values (1)')
  for (const endless of [
    'insert into t with recursive c(x) as (select 1 union all select x + 1 from c) select x from c',
    'with recursive c(x) as (select 1 union all select x + 1 from c) select x from c',
  ]) {
    const controller = new AbortController()
    const interrupted = await db.session({ signal: controller.signal })
    const work = interrupted.transaction(async (tx) => {
      await tx.script('delete from t')
      setImmediate(() => controller.abort())
      await tx.script(endless)
    })
    await expect(work).rejects.toMatchObject({ code: 'canceled', reason: 'canceled' })
    await interrupted.close()
    expect(await session.query(sql`select a from t`)).toEqual([{ a: 1 }])
  }
  const controller = new AbortController()
  const streaming = await db.session({ signal: controller.signal })
  const read = async (): Promise<void> => {
    const numbers = raw('with recursive c(x) as (select 1 union all select x + 1 from c) select x from c')
    for await (const row of streaming.stream<{ x: number }>(numbers)) if (row.x === 5_000) controller.abort()
  }
  await expect(read()).rejects.toMatchObject({ code: 'canceled' })
  expect(await session.query(sql`select a from t`)).toEqual([{ a: 1 }])
})

test('a process that is killed, or exits in the middle of a statement, leaves the file as it was', async () => {
  const file = newFile()
  const exits = startProgram('test/concurrency/leave-open.ts', [`sqlite:${file}`, file])
  expect(await exits.ended).toMatchObject({ status: 7, stderr: '' })
  await using db = await openDatabase(`sqlite:${file}`)
  await using session = await db.session()
  expect(await session.query(sql`select id from left_open`)).toEqual([])

  const writes = startProgram('test/concurrency/write-rows.ts', [`sqlite:${file}`])
  await writes.says('\n20\n')
  writes.process.kill('SIGKILL')
  const { stdout } = await writes.ended
  const acknowledged = stdout.trim().split('\n').map(Number)
  const found = await session.query<{ id: number }>(sql`select id from rows order by id`)
  expect(found.map((row) => row.id).slice(0, acknowledged.length)).toEqual(acknowledged)
})

test('a database that nobody closes keeps no process alive', async () => {
  const program = startProgram('test/concurrency/leave-open.ts', [`sqlite:${newFile()}`])
  expect(await program.ended).toMatchObject({ status: 0, stdout: 'open\n', stderr: '' })
})

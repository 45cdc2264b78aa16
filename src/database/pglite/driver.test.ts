import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startProgram } from '../../../test/harness/child.ts'
import { temporaryDirectory } from '../../../test/harness/engines.ts'
import { type Database, type Session, openDatabase, raw, sql } from '../database.ts'

let db: Database
let session: Session

beforeAll(async () => {
  db = await openDatabase('pglite:memory')
  session = await db.session()
})
afterAll(() => db.close())
beforeAll(() => session.script('create table kept (id int)'))

const newDirectory = (): string => path.join(temporaryDirectory(), 'parent', 'data')

test('the database says what it is', () => {
  expect(db.dialect).toBe('postgres')
  expect(db.address).toBe('pglite:memory')
  expect(db.server).toEqual({ name: 'PGlite (PostgreSQL)', version: '18.6', major: 18 })
  expect(db.features).toEqual({
    manySessions: false,
    schemas: true,
    concurrentIndexes: true,
    lockTimeout: true,
    cancelOnServer: false,
    roles: true,
  })
})

test('values come as on a PostgreSQL server', async () => {
  const time = new Date('2024-05-06T07:08:09.123Z')
  const [row] = await session.query(sql`
    select ${1}::int as int, ${'9007199254740993'}::int8 as large, ${2n ** 40n}::int8 as small, 1.50::numeric as numeric,
      ${true}::boolean as yes, ${time}::timestamptz as time, ${new Uint8Array([0, 255])}::bytea as bytes,
      ${'{"a": [1, null]}'}::jsonb as json, ${'"text"'}::json as jsontext, array['a', null, 'b"c'] as texts,
      array[1, 2]::int8[] as ints, ${null}::text as nothing, date '2024-01-02' as date, 1.5::float8 as float, '' as empty`)
  expect(row).toEqual({
    int: 1,
    large: 9007199254740993n,
    small: 2 ** 40,
    numeric: '1.50',
    yes: true,
    time,
    bytes: new Uint8Array([0, 255]),
    json: { a: [1, null] },
    jsontext: 'text',
    texts: ['a', null, 'b"c'],
    ints: [1, 2],
    nothing: null,
    date: '2024-01-02',
    float: 1.5,
    empty: '',
  })
})

test('a failure carries the code, the object and the place that the server names', async () => {
  const text = `select '🐘🐘 ü';\nselect 1;\nselect nowhere`
  await expect(session.script(text)).rejects.toMatchObject({
    code: 'statement_failed',
    reason: 'missing_object',
    engineCode: '42703',
    message: 'column "nowhere" does not exist.',
    position: text.indexOf('nowhere'),
    statement: text,
  })
  await session.script('create table unique_once (id int constraint once unique)')
  await expect(session.query(sql`insert into unique_once values (${1}), (${1})`)).rejects.toMatchObject({
    reason: 'constraint',
    engineCode: '23505',
    object: 'constraint once of table public.unique_once',
    details: ['DETAIL: Key (id)=(1) already exists.'],
  })
})

test('a transaction in which a statement has failed is not committed, even when the caller swallows it', async () => {
  const work = session.transaction(async (tx) => {
    await tx.script('insert into kept values (1)')
    await tx.script('select 1/0').catch(() => {})
  })
  await expect(work).rejects.toMatchObject({
    code: 'statement_failed',
    message:
      'The transaction cannot be committed, because a statement in it has failed (division by zero.); it was rolled back.',
    remedy: 'Correct the statement that failed first.',
  })
  expect(await session.query(sql`select * from kept`)).toEqual([])
})

test('ROLLBACK AND CHAIN is seen as the end of the transaction, a savepoint is not', async () => {
  const ended = { message: expect.stringMatching(/^A statement has ended the transaction/) as string }
  await expect(session.transaction((tx) => tx.script('rollback and chain'))).rejects.toMatchObject(ended)
  await expect(session.transaction((tx) => tx.script('commit and chain'))).rejects.toMatchObject(ended)
  await session.transaction((tx) => tx.script('savepoint a; rollback to savepoint a; insert into kept values (7)'))
  expect(await session.query(sql`select id from kept`)).toEqual([{ id: 7 }])
})

test('what a handle set is undone when it is closed, and before a transaction that asks for it', async () => {
  await session.script('create role somebody')
  const state = sql`select current_user as role, current_setting('search_path') as path, to_regclass('pg_temp.mine') is null as clean`
  const before = await session.query(state)
  const change = `create temp table if not exists mine (); set search_path = pg_catalog; set role somebody`
  const other = await db.session()
  await other.script(change)
  await other.close()
  expect(await session.query(state)).toEqual(before)

  const third = await db.session()
  await third.script('set search_path = pg_catalog; set session authorization somebody')
  await third.transaction(async (tx) => expect(await tx.query(state)).toEqual(before), {
    resetSession: true,
    lockTimeout: 40,
  })
  await third.close()
})

test('a role that may not read files loads rows by INSERT', async () => {
  await session.script(`
    create role loader; create table loaded (id int primary key, body jsonb, bytes bytea, at timestamptz);
    grant all on loaded to loader; set role loader`)
  const at = new Date(0)
  const rows = Array.from({ length: 20_000 }, (_, id) => [id, { id }, new Uint8Array([id % 256]), at])
  expect(await session.load({ table: ['public', 'loaded'], columns: ['id', 'body', 'bytes', 'at'] }, rows)).toBe(20_000)
  await session.script('reset role')
  expect(await session.query(sql`select body, bytes, at from loaded where id = 257`)).toEqual([
    { body: { id: 257 }, bytes: new Uint8Array([1]), at },
  ])
})

test.each([
  ['copy kept from stdin', 'PGlite cannot run COPY FROM STDIN.', 0],
  ['select 1; -- copy\n  COPY "kept" (id) FROM\n stdin WITH (format csv)', 'PGlite cannot run COPY FROM STDIN.', 20],
  [`copy kept to program 'cat'`, 'PGlite cannot run COPY with a program.', 0],
  [`select 'é'; copy kept from program 'cat'`, 'PGlite cannot run COPY with a program.', 12],
  [`select 1;\n/* x */ do $$ begin copy kept to program 'cat'; end $$`, 'PGlite cannot run COPY with a program.', 18],
  ['set transaction_timeout = 100', 'PGlite hangs when transaction_timeout expires, so it cannot be set.', 4],
  [
    `set local idle_in_transaction_session_timeout to '5s'`,
    'PGlite hangs when idle_in_transaction_session_timeout expires, so it cannot be set.',
    10,
  ],
  [
    `select set_config('idle_session_timeout', '5s', false)`,
    'PGlite hangs when idle_session_timeout expires, so it cannot be set.',
    19,
  ],
  [
    'alter role postgres set Transaction_Timeout = 7',
    'PGlite hangs when transaction_timeout expires, so it cannot be set.',
    24,
  ],
])('what would stop PGlite is refused: %s', async (text, message, position) => {
  const refusal = { code: 'not_supported', message, position, statement: text }
  await expect(session.script(text)).rejects.toMatchObject(refusal)
  await expect(session.query(raw(text))).rejects.toMatchObject(refusal)
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})

test('what only looks like it runs', async () => {
  await session.script(`
    -- copy kept from stdin; set transaction_timeout = 5
    set transaction_timeout = 0; set idle_in_transaction_session_timeout = '0'; set local transaction_timeout to default;
    select 'copy kept from stdin', 'copy kept to program'; copy kept to stdout; show transaction_timeout`)
  await expect(session.script('copy kept from stdin; selec 1')).rejects.toMatchObject({ reason: 'syntax' })
})

test('the remedies of what is refused say what to do instead', async () => {
  const remedy = (text: string): Promise<unknown> =>
    session.script(text).catch((error: { remedy: string }) => error.remedy)
  expect(await remedy('copy kept from stdin')).toBe(
    'Write the rows as INSERT statements (pg_dump --inserts does), or put them into a seed file.',
  )
  expect(await remedy(`copy kept from program 'x'`)).toBe('Load the data in another way, such as INSERT.')
  expect(await remedy('set transaction_timeout = 1')).toBe(
    'Remove the setting, or set it for the role or database on the PostgreSQL server instead.',
  )
})

test('a zero byte in a statement is an error, and the rest of the statement is not dropped in silence', async () => {
  await expect(session.script('select 1;\0drop table kept')).rejects.toMatchObject({
    code: 'statement_failed',
    reason: 'syntax',
    message: 'The statement holds a zero byte, which PostgreSQL cannot read.',
    remedy: 'Remove the zero byte.',
    position: 9,
  })
})

test.each([
  'pg_trgm',
  'uuid-ossp',
  'pgcrypto',
  'citext',
  'btree_gist',
  'hstore',
  'unaccent',
  'ltree',
  'fuzzystrmatch',
  'vector',
])('the extension %s can be created', async (name) => {
  await session.script(`create extension "${name}"`)
  expect(await session.query(sql`select extname from pg_extension where extname = ${name}`)).toEqual([
    { extname: name },
  ])
})

test('an index can be built concurrently', async () => {
  await session.script('create index concurrently kept_id on kept (id)')
  expect(await session.query(sql`select indisvalid from pg_index where indexrelid = 'kept_id'::regclass`)).toEqual([
    { indisvalid: true },
  ])
})

test('data in a directory is there the next time, and so are its extensions', async () => {
  const directory = newDirectory()
  const first = await openDatabase(`pglite:${directory}`)
  const writer = await first.session()
  await writer.script("create extension citext; create table words (word citext); insert into words values ('Word')")
  await first.close()
  await using second = await openDatabase(`pglite:${directory}`)
  await using reader = await second.session()
  expect(await reader.query(sql`select word::text as word from words where word = 'wORD'`)).toEqual([{ word: 'Word' }])
  expect(readdirSync(path.dirname(directory)).sort()).toEqual(['data', 'data.lock', 'data.lock.holder'])
})

test('a directory that is open cannot be opened again by the same process', async () => {
  const directory = newDirectory()
  await using open = await openDatabase(`pglite:${directory}`)
  await expect(openDatabase(`pglite:${directory}`)).rejects.toMatchObject({
    code: 'directory_locked',
    kind: 'locked',
    message: expect.stringMatching(
      /^The PGlite database in .*data has been open in this process itself since .*Z; only one may have it open at a time\.$/,
    ) as string,
    where: directory,
    remedy: 'Close it before it is opened again, or share the one that is open.',
  })
  await open.close()
  await (await openDatabase(`pglite:${directory}`)).close()
})

test('a second process is refused, and once the first is killed the directory opens with every acknowledged row', async () => {
  const directory = newDirectory()
  const program = startProgram('test/concurrency/write-rows.ts', [`pglite:${directory}`])
  onTestFinished(() => void program.process.kill('SIGKILL'))
  await program.says('\n100\n')
  const { pid } = program.process
  await expect(openDatabase(`pglite:${directory}`)).rejects.toMatchObject({
    code: 'directory_locked',
    message: expect.stringMatching(
      new RegExp(`has been open in process ${pid} on ${hostname()} since .*Z; only one may have it open at a time\\.$`),
    ) as string,
    remedy: 'Wait until that process has ended, or end it; for several processes at once, use a PostgreSQL server.',
  })
  program.process.kill('SIGKILL')
  const { stdout } = await program.ended
  const acknowledged = stdout.trim().split('\n').map(Number)
  await using db = await openDatabase(`pglite:${directory}`)
  await using session = await db.session()
  const found = await session.query<{ id: number }>(sql`select id from rows order by id`)
  // The last one may have been committed without being said.
  expect(found.map((row) => row.id).slice(0, acknowledged.length)).toEqual(acknowledged)
  expect(found.length - acknowledged.length).toBeLessThanOrEqual(1)
})

test('a statement that is interrupted leaves the data as it was, and the database can be used again', async () => {
  const directory = newDirectory()
  await using db = await openDatabase(`pglite:${directory}`)
  const before = await db.session()
  await before.script('create table numbers (n int); insert into numbers select generate_series(1, 1000)')
  for (const endless of [
    'select pg_sleep(600)',
    'insert into numbers select n % 1000 from generate_series(1, 100000000000) n',
  ]) {
    const controller = new AbortController()
    const interrupted = await db.session({ signal: controller.signal })
    const work = interrupted.transaction(async (tx) => {
      await tx.script('delete from numbers')
      setImmediate(() => controller.abort())
      await tx.script(endless)
    })
    await expect(work).rejects.toMatchObject({ code: 'canceled' })
    await expect(openDatabase(`pglite:${directory}`)).rejects.toMatchObject({ code: 'directory_locked' })
    const [after, another] = await Promise.all([db.session(), db.session()])
    await another.query(sql`select 1`)
    expect(await after.query(sql`select count(*) as n, sum(n) as sum from numbers`)).toEqual([{ n: 1000, sum: 500500 }])
    await Promise.all([after.close(), another.close()])
  }
  await expect(before.query(sql`select 1`)).rejects.toMatchObject({ code: 'canceled' })
})

test('a database in memory is gone with the statement that was interrupted', async () => {
  await using db = await openDatabase('pglite:memory')
  const controller = new AbortController()
  const interrupted = await db.session({ signal: controller.signal })
  setImmediate(() => controller.abort())
  await expect(interrupted.script('select pg_sleep(600)')).rejects.toMatchObject({ code: 'canceled' })
  await expect(db.session()).rejects.toMatchObject({ code: 'canceled' })
})

test('opening can be interrupted, and leaves the directory free', async () => {
  const directory = newDirectory()
  const controller = new AbortController()
  setImmediate(() => controller.abort())
  await expect(openDatabase(`pglite:${directory}`, { signal: controller.signal })).rejects.toMatchObject({
    code: 'canceled',
  })
  await (await openDatabase(`pglite:${directory}`)).close()
})

test('when the engine dies, the statement fails and so does what comes after', async () => {
  const directory = newDirectory()
  await using db = await openDatabase(`pglite:${directory}`)
  const session = await db.session()
  await session.script('create table survives (id int); insert into survives values (1)')
  const gone = {
    code: 'connection_lost',
    reason: 'connection_lost',
    message: `The engine of pglite:${directory} has stopped.`,
    remedy: 'Run the same command again; what had not been committed is rolled back.',
  }
  const dying = session.query(raw(`do $$ begin execute 'copy (select 1) to pro' || 'gram ''cat'''; end $$`))
  const behind = expect(session.query(sql`select 1`)).rejects.toMatchObject(gone)
  await expect(dying).rejects.toMatchObject(gone)
  await behind
  await expect(session.transaction(() => Promise.resolve())).rejects.toMatchObject(gone)
  await session.close()
  await db.close()
  await using again = await openDatabase(`pglite:${directory}`)
  await using reader = await again.session()
  expect(await reader.query(sql`select id from survives`)).toEqual([{ id: 1 }])
})

test('a directory that holds something else is refused and left alone', async () => {
  const directory = newDirectory()
  mkdirSync(directory, { recursive: true })
  writeFileSync(path.join(directory, 'notes.txt'), 'mine')
  await expect(openDatabase(`pglite:${directory}`)).rejects.toMatchObject({
    code: 'connection_failed',
    message: `The directory ${directory} holds files, but no PGlite database.`,
    where: directory,
    remedy: 'Name an empty directory or one that does not exist yet, or remove what is in it.',
  })
  expect(readdirSync(directory)).toEqual(['notes.txt'])
  writeFileSync(path.join(directory, 'PG_VERSION'), '17\n')
  await expect(openDatabase(`pglite:${directory}`)).rejects.toMatchObject({
    code: 'connection_failed',
    message: `The directory ${directory} holds the data of PostgreSQL 17, and this PGlite is PostgreSQL 18.`,
    remedy: 'Dump it with the version of PGlite that made it, and load the dump into a new directory.',
  })
  writeFileSync(path.join(directory, 'PG_VERSION'), '18\n')
  await expect(openDatabase(`pglite:${directory}`)).rejects.toMatchObject({
    code: 'connection_failed',
    message: `PGlite cannot start on the directory ${directory}.`,
    remedy: 'Restore the directory from a backup, or remove it to begin with an empty database.',
  })
  const file = path.join(directory, 'notes.txt')
  await expect(openDatabase(`pglite:${file}`)).rejects.toMatchObject({
    code: 'connection_failed',
    message: `The database pglite:${file} cannot be opened.`,
    remedy: 'Make sure that its directory exists and that this user may write to it.',
  })
})

test('an empty directory and what a killed process left unfinished are no obstacles', async () => {
  const directory = newDirectory()
  mkdirSync(directory, { recursive: true })
  mkdirSync(`${directory}.new`)
  writeFileSync(path.join(`${directory}.new`, 'PG_VERSION'), '1')
  await (await openDatabase(`pglite:${directory}`)).close()
  expect(existsSync(`${directory}.new`)).toBe(false)
})

test('a database that nobody closes keeps no process alive and loses nothing', async () => {
  const directory = newDirectory()
  const program = startProgram('test/concurrency/leave-open.ts', [`pglite:${directory}`])
  expect(await program.ended).toMatchObject({ status: 0, stdout: 'open\n', stderr: '' })
  await using db = await openDatabase(`pglite:${directory}`)
  await using session = await db.session()
  expect(await session.query(sql`select id from left_open`)).toEqual([])
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { type Database, openDatabase, type Session, sql } from '../database.ts'

let db: Database
let session: Session

beforeAll(async () => {
  db = await openDatabase(await freshPostgresUrl(18))
  session = await db.session()
})
afterAll(() => db.close())

test('the database says what it is', async () => {
  expect(db.dialect).toBe('postgres')
  expect(db.address).toMatch(/^postgres:\/\/postgres@127\.0\.0\.1:\d+\/test_\d+_\d+$/)
  expect(db.server).toEqual({ name: 'PostgreSQL', version: expect.stringMatching(/^18\.\d+$/) as string, major: 18 })
})

test('a session is named metastore unless the URL says otherwise', async () => {
  const name = sql`select current_setting('application_name') as name`
  expect(await session.query(name)).toEqual([{ name: 'metastore' }])
  await using other = await openDatabase(`${await freshPostgresUrl(18)}?application_name=deploy%20job`)
  await using named = await other.session()
  expect(await named.query(name)).toEqual([{ name: 'deploy job' }])
})

test('options of the URL are start-up settings of every session', async () => {
  await using other = await openDatabase(
    `${await freshPostgresUrl(18)}?options=-c%20search_path%3Da%2Cb%20-c%20work_mem%3D7MB`,
  )
  for (let index = 0; index < 2; index++) {
    await using each = await other.session()
    expect(
      await each.query(sql`select current_setting('search_path') as path, current_setting('work_mem') as mem`),
    ).toEqual([{ path: 'a,b', mem: '7MB' }])
  }
})

test('query runs one statement only, so that a bound value is never needed to end one', async () => {
  await expect(session.query(sql`select 1; select 2`)).rejects.toMatchObject({
    code: 'statement_failed',
    reason: 'syntax',
    message: 'cannot insert multiple commands into a prepared statement.',
  })
})

test('query of nothing returns no rows', async () => {
  expect(await session.query(sql``)).toEqual([])
  expect(await session.query(sql`-- a comment`)).toEqual([])
})

test('script runs any number of statements and drops their rows', async () => {
  await session.script(`
    create table notes (id int, body text);
    insert into notes values (1, 'a;b'), (2, $$c;'d$$);
    select * from notes;
    do $do$ begin insert into notes values (3, 'e'); end $do$;`)
  expect(await session.query(sql`select count(*) as n from notes`)).toEqual([{ n: 3 }])
  await session.script('')
  await session.script('-- nothing')
})

test('a failure in a script counts its position from the start of the script, in UTF-16 units', async () => {
  const text = `select '🐘🐘 ü';\nselect 1;\nselect nowhere`
  const failure = await session.script(text).catch((error: unknown) => error)
  expect(failure).toMatchObject({
    code: 'statement_failed',
    reason: 'missing_object',
    engineCode: '42703',
    message: 'column "nowhere" does not exist.',
    position: text.indexOf('nowhere'),
    statement: text,
  })
})

test('statements with COPY from or to the client neither hang nor break the session', async () => {
  await session.script('create table copied (id int)')
  const refused = {
    code: 'statement_failed',
    engineCode: '57014',
    message: 'COPY from stdin failed: COPY FROM STDIN needs data that does not stand in the statement.',
  }
  await expect(session.script('copy copied from stdin')).rejects.toMatchObject(refused)
  await expect(session.query(sql`copy copied from stdin`)).rejects.toMatchObject(refused)
  await session.script('copy copied to stdout')
  await session.query(sql`copy copied to stdout`)
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})

test('a zero byte in a statement is an error and reaches no server', async () => {
  await expect(session.script('select 1;\0')).rejects.toMatchObject({
    code: 'statement_failed',
    reason: 'syntax',
    message: 'The statement holds a zero byte, which PostgreSQL cannot read.',
    remedy: 'Remove the zero byte.',
    position: 9,
  })
})

test('calls take turns in the order they were made', async () => {
  await session.script('create table turns (id serial, name text)')
  const calls = ['a', 'b', 'c'].map((name) => session.query(sql`insert into turns (name) values (${name})`))
  const inside = session.transaction(async (tx) => {
    await tx.query(sql`insert into turns (name) values ('d')`)
    await tx.query(sql`insert into turns (name) values ('e')`)
  })
  const last = session.script(`insert into turns (name) values ('f')`)
  await Promise.all([...calls, inside, last])
  expect(await session.query(sql`select string_agg(name, '' order by id) as names from turns`)).toEqual([
    { names: 'abcdef' },
  ])
})

test('a session used inside its own transaction is an error at once, not a deadlock', async () => {
  const work = session.transaction(async () => {
    await Promise.resolve()
    await session.query(sql`select 1`)
  })
  await expect(work).rejects.toThrow('The session is used while a transaction, load or stream of it goes on.')
  expect(await session.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
})

test('a script that leaves a transaction open is undone and refused', async () => {
  await session.script('create table left_open (id int)')
  await expect(session.script('begin; insert into left_open values (1)')).rejects.toMatchObject({
    code: 'statement_failed',
    message: 'The script began a transaction and did not end it, so the transaction was rolled back.',
    remedy: 'End it with COMMIT in the same script, or remove its BEGIN.',
  })
  await expect(session.query(sql`begin`)).rejects.toMatchObject({ code: 'statement_failed' })
  await expect(session.script('begin; select 1/0')).rejects.toMatchObject({ message: 'division by zero.' })
  await session.script('begin; insert into left_open values (2); commit')
  expect(await session.query(sql`select id from left_open`)).toEqual([{ id: 2 }])
})

test('what was not committed is rolled back when the session is closed', async () => {
  await session.script('create table unfinished (id int)')
  const other = await db.session()
  const work = other.transaction(async (tx) => {
    await tx.query(sql`insert into unfinished values (1)`)
    await tx.query(sql`select pg_sleep(600)`)
  })
  const failed = expect(work).rejects.toMatchObject({
    code: 'canceled',
    message: 'The work on the database was interrupted.',
  })
  const sleeping = () =>
    session.query(
      sql`select from pg_stat_activity where datname = current_database() and state = 'active' and query ~ 'pg_sleep[(]600'`,
    )
  await expect.poll(sleeping).toHaveLength(1)
  await other.close()
  await failed
  await expect.poll(sleeping).toHaveLength(0)
  expect(await session.query(sql`select * from unfinished`)).toEqual([])
})

test('a closed session and a closed database are errors, and closing twice is not', async () => {
  const other = await openDatabase(await freshPostgresUrl(18))
  const closed = await other.session()
  await closed.close()
  await closed.close()
  await expect(closed.query(sql`select 1`)).rejects.toThrow('The session is closed.')
  await expect(closed.transaction(() => Promise.resolve())).rejects.toThrow('The session is closed.')
  await other.close()
  await other.close()
  await expect(other.session()).rejects.toThrow('The database is closed.')
  await expect(other.tryLock({ command: 'migrate' })).rejects.toThrow('The database is closed.')
})

test('closing the database closes its sessions and locks', async () => {
  const other = await openDatabase(await freshPostgresUrl(18))
  const open = await other.session()
  const [{ pid } = { pid: 0 }] = await open.query<{ pid: number }>(sql`select pg_backend_pid() as pid`)
  const attempt = await other.tryLock({ command: 'test' })
  await other.close()
  await expect(open.query(sql`select 1`)).rejects.toThrow('The session is closed.')
  expect('lock' in attempt && attempt.lock.lost.aborted).toBe(false)
  await expect
    .poll(() => session.query(sql`select from pg_stat_activity where pid = ${pid}`), { timeout: 10_000 })
    .toEqual([])
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import { id, openDatabase, sql, type Database, type Queryable, type Session, type Sql } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { silent } from '../progress.ts'
import { countTokens } from './count-tokens.ts'
import { generateKey, parseKeyring } from './keyring.ts'
import { prepareRotation, rotateColumn } from './rotate.ts'
import { findTokenColumns } from './token-columns.ts'

const [older, newer] = [generateKey(), generateKey()]
const oldRing = parseKeyring(older, 'old')
const ring = parseKeyring(`${newer} ${older}`, 'new')

async function tokenTable(session: Session, name: string, key: string, rows: number): Promise<void> {
  await session.script(`create table ${name} (token text, note text, ${key})`)
  const columns = key.startsWith('id') ? ['id', 'token'] : ['tenant', 'nr', 'token']
  const values = Array.from({ length: rows }, (_, nr) => {
    const token = oldRing.encrypt(`secret ${nr}`)
    return columns.length === 2 ? [nr, token] : [`te'n\\ant ${nr % 7}`, nr, token]
  })
  await session.load({ table: [name], columns }, values)
}

async function found(database: Database, session: Session, column: string) {
  const declared = { names: [column], schema: 'public', where: 'metastore.toml:3:1' }
  const [only] = await findTokenColumns(session, database.dialect, declared)
  if (only === undefined) throw new Error('No column was found.')
  return only
}

function callsOf(db: Queryable): Queryable {
  return {
    query: (statement) => db.query(statement),
    execute: (statement) => db.execute(statement),
    script: (text) => db.script(text),
    together: <Each extends readonly object[]>(statements: readonly Sql[]) => db.together<Each>(statements),
    stream: (statement, options) => db.stream(statement, options),
    load: (target, rows) => db.load(target, rows),
  }
}

function rotationOf(database: Database, session: Session, progress = silent) {
  return { session, dialect: database.dialect, ring, stateSchema: 'metastore', progress }
}

describe.each(engines)('rotation on $name', ({ freshUrl }) => {
  let database: Database
  let session: Session
  beforeAll(async () => {
    database = await openDatabase(await freshUrl())
    session = await database.session()
  })
  afterAll(() => database.close())

  test('encrypts every token with the newest key, and leaves alone what it cannot read', async () => {
    await tokenTable(session, 'llm', 'tenant text, nr integer, primary key (tenant, nr)', 1203)
    await session.query(sql`
      insert into llm (tenant, nr, token, note) values
        ('a', 90001, null, 'null'), ('a', 90002, 'sk-plain', 'plain'), ('a', 90003, ${ring.encrypt('new')}, 'new'),
        ('a', 90004, ${parseKeyring(generateKey(), 'x').encrypt('lost')}, 'lost')`)
    const before = await session.query(sql`select nr, token from llm where note is not null order by nr`)
    const column = await found(database, session, 'llm.token')
    const rotation = rotationOf(database, session)
    await prepareRotation(rotation)
    expect(await rotateColumn(rotation, column)).toEqual({
      rotated: 1203,
      resumed: false,
      count: { column: 'llm.token', byKey: [1204, 0], noKey: 1, damaged: 0, notTokens: 1 },
    })
    expect(await session.query(sql`select nr, token from llm where note is not null order by nr`)).toEqual(before)
    const rows = await session.query<{ nr: number; token: string }>(sql`select nr, token from llm where note is null`)
    const alone = parseKeyring(newer, 'alone')
    expect(rows.every(({ nr, token }) => alone.decrypt(token) === `secret ${nr}`)).toBe(true)
    expect((await rotateColumn(rotation, column)).rotated).toBe(0)
  })

  test('goes on where it was cut off, and does what was written behind it with the old key', async () => {
    await tokenTable(session, 'cut', 'id integer primary key', 1700)
    const column = await found(database, session, 'cut.token')
    let batches = 0
    const stop = rotationOf(database, session, ({ kind }) => {
      if (kind === 'advance' && ++batches === 2) throw new Error('cut off')
    })
    await prepareRotation(stop)
    await expect(rotateColumn(stop, column)).rejects.toThrow('cut off')
    expect((await countTokens(session, database.dialect, column, ring)).byKey).toEqual([1000, 700])
    await session.query(sql`update cut set token = ${oldRing.encrypt('late')} where id = 3`)
    expect(await rotateColumn(rotationOf(database, session), column)).toMatchObject({
      rotated: 701,
      resumed: true,
      count: { byKey: [1700, 0] },
    })
  })

  test('needs no primary key, and no tame names', async () => {
    await session.query(sql`create table ${id('or"der')} (${id("x'; --")} text)`)
    for (const text of ['a', 'b']) {
      await session.query(sql`insert into ${id('or"der')} values (${oldRing.encrypt(text)})`)
    }
    const rotation = rotationOf(database, session)
    await prepareRotation(rotation)
    expect(await rotateColumn(rotation, await found(database, session, `or"der.x'; --`))).toMatchObject({
      count: { byKey: [2, 0] },
    })
  })
})

test('a table of SQLite without a rowid is walked by its tokens', async () => {
  await using database = await openDatabase('sqlite::memory:')
  await using session = await database.session()
  await session.script('create table llm (id text primary key, token text) without rowid')
  await session.load(
    { table: ['llm'], columns: ['id', 'token'] },
    Array.from({ length: 601 }, (_, nr) => [`id ${nr}`, oldRing.encrypt(`secret ${nr}`)]),
  )
  const rotation = rotationOf(database, session)
  await prepareRotation(rotation)
  expect(await rotateColumn(rotation, await found(database, session, 'llm.token'))).toMatchObject({
    rotated: 601,
    count: { byKey: [601, 0] },
  })
})

describe('rotation on PostgreSQL', () => {
  test('of two at once, both end, with every token under the newest key', async () => {
    await using database = await openDatabase((await engines[0]?.freshUrl()) ?? '')
    await using one = await database.session()
    await using two = await database.session()
    await tokenTable(one, 'llm', 'id integer primary key', 2600)
    const column = await found(database, one, 'llm.token')
    const ends = await Promise.all(
      [one, two].map(async (session) => {
        await prepareRotation(rotationOf(database, session))
        return rotateColumn(rotationOf(database, session), column)
      }),
    )
    expect(ends.map(({ count }) => count.byKey)).toEqual([
      [2600, 0],
      [2600, 0],
    ])
  })

  test('what an application writes while a batch is encrypted stays', async () => {
    await using database = await openDatabase((await engines[0]?.freshUrl()) ?? '')
    await using session = await database.session()
    await using application = await database.session()
    await tokenTable(session, 'llm', 'id integer primary key', 10)
    const column = await found(database, session, 'llm.token')
    const token = ring.encrypt('rewritten')
    let written: Promise<unknown> = Promise.resolve()
    const watched = {
      ...ring,
      // Between the moment when row 5 was read and the one when it is written.
      open: (text: string) => {
        written = written.then(() => application.query(sql`update llm set token = ${token} where id = 5`))
        return ring.open(text)
      },
    }
    const slow: Session = {
      ...callsOf(session),
      lost: session.lost,
      close: () => session.close(),
      [Symbol.asyncDispose]: () => session.close(),
      transaction: (work, options) =>
        session.transaction((tx) => {
          const script = async (text: string) => {
            await written
            await tx.script(text)
          }
          return work({
            ...callsOf(tx),
            script,
            beforeCommit: (statement) => tx.beforeCommit(statement),
            last: (statement) => tx.last(statement),
          })
        }, options),
    }
    const rotation = { ...rotationOf(database, slow), ring: watched }
    await prepareRotation(rotation)
    await rotateColumn(rotation, column)
    await written
    expect(await session.query(sql`select token from llm where id = 5`)).toEqual([{ token }])
  })

  test('an owner whom row-level security binds gets an error, and no silence', async () => {
    const url = (await engines[0]?.freshUrl()) ?? ''
    await using database = await openDatabase(url)
    await using session = await database.session()
    await tokenTable(session, 'llm', 'id integer primary key', 3)
    const role = `bound_${process.pid}`
    await session.script(
      `create role ${role}; alter table llm enable row level security, force row level security, owner to ${role}`,
    )
    const column = await found(database, session, 'llm.token')
    expect((await countTokens(session, 'postgres', column, ring)).byKey).toEqual([0, 3])
    await session.script(`set role ${role}`)
    await expect(countTokens(session, 'postgres', column, ring)).rejects.toMatchObject({ reason: 'permission' })
    await session.script(`reset role; drop table llm; drop role ${role}`)
  })
})

describe('a declared column that cannot hold tokens', () => {
  let database: Database
  let session: Session
  beforeAll(async () => {
    database = await openDatabase((await engines[0]?.freshUrl()) ?? '')
    session = await database.session()
    await session.script('create table llm (id integer primary key, token text)')
  })
  afterAll(() => database.close())

  test.each([
    ['llms.token', 'there is no table llms in schema public', 'Did you mean llm? '],
    ['llm.tokens', 'table llm has no column tokens', 'Did you mean token? '],
    ['llm.id', 'the column is of type integer, and tokens are text', ''],
    ['other.llm.token', 'there is no table llm in schema other', ''],
  ])('%s', async (name, why, hint) => {
    const refused = await found(database, session, name).catch((error: unknown) => error)
    expect(refused instanceof MetastoreError && refused.toJSON()).toEqual({
      code: 'configuration_invalid',
      message: `The setting encrypted names "${name}", but ${why}.`,
      where: 'metastore.toml:3:1',
      remedy: `${hint}Name columns that hold Fernet tokens, or apply the migration that makes them.`,
      details: [],
    })
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, id, join, literal, openDatabase, raw, type Session, sql } from '../src/database/database.ts'
import { engines } from './harness/engines.ts'

const names = [
  'order',
  'Select',
  'a"b',
  'a""b',
  "it's",
  "x'; drop table victim --",
  'x"; drop table victim; --',
  'back\\slash',
  'trailing\\',
  '$1',
  '$$',
  '?',
  ':name',
  '%s',
  'two words',
  ' leading and trailing ',
  'tab\tand\nnewline',
  'a.b',
  '*',
  '--',
  '/*',
  'é',
  '🐘🐘',
  '__proto__',
  'constructor',
  '{}',
  'n'.repeat(63),
  'é'.repeat(31),
]

describe.each(engines)('on $name', ({ freshUrl }) => {
  let db: Database
  let session: Session

  beforeAll(async () => {
    db = await openDatabase(await freshUrl())
    session = await db.session()
    await session.script('create table victim (id int)')
  })
  afterAll(async () => {
    expect(await session.query(sql`select * from victim`)).toEqual([])
    await db.close()
  })

  test.each(names)('%j is the name of a table and of its columns, and a value in it', async (name) => {
    const table = id(name)
    const other = 'the other column'
    await session.script(
      sql`create table ${table} (${id(name)} text, ${id(other)} text default ${literal(name)})`.inline(db.dialect),
    )
    const expected = [{ [name]: name, [other]: name }]
    // `__proto__` in an object literal is computed, so it is a key of its own.
    expect(Object.keys(expected[0] ?? {})).toEqual([name, other])

    await session.query(sql`insert into ${table} (${id(name)}) values (${name})`)
    expect(await session.query(sql`select * from ${table}`)).toEqual(expected)
    expect(
      await session.query(sql`select * from ${table} where ${id(name)} = ${name} and ${id(other)} = ${literal(name)}`),
    ).toEqual(expected)
    await session.script(sql`update ${table} set ${id(name)} = ${literal(name)}; delete from victim`.inline(db.dialect))

    expect(await session.load({ table: [name], columns: [name, other] }, [[name, name]])).toBe(1)
    const streamed: unknown[] = []
    for await (const row of session.stream(sql`select * from ${table}`, { batchSize: 1 })) streamed.push(row)
    expect(streamed).toEqual([...expected, ...expected])

    await session.transaction(async (tx) => {
      tx.beforeCommit(sql`insert into ${table} (${join([id(name), id(other)])}) values (${name}, ${name})`)
      await tx.script(sql`delete from ${table}`.inline(db.dialect))
    })
    expect(await session.query(sql`select * from ${table}`)).toEqual(expected)
    await session.script(sql`drop table ${table}`.inline(db.dialect))
  })

  test.each(names)('%j is a schema, where there are schemas', async (name) => {
    if (!db.features.schemas) {
      expect(db.dialect).toBe('sqlite')
      return
    }
    await session.script(sql`create schema ${id(name)}; create table ${id(name, name)} (n int)`.inline(db.dialect))
    expect(await session.load({ table: [name, name], columns: ['n'] }, [[1], [2]])).toBe(2)
    expect(await session.query(sql`select n from ${id(name, name)} order by n`)).toEqual([{ n: 1 }, { n: 2 }])
    const [found] = await session.query<{ name: string }>(
      sql`select nspname as name from pg_namespace where nspname = ${literal(name)}`,
    )
    expect(found).toEqual({ name })
    await session.script(sql`drop schema ${id(name)} cascade`.inline(db.dialect))
  })

  test.each(names)('%j is a column of a query whose result is read', async (name) => {
    expect(await session.query(sql`select ${raw('1')} as ${id(name)}`)).toEqual([{ [name]: 1 }])
  })

  test.each(names)('%j as the command of whoever holds the lock', async (command) => {
    const attempt = await db.tryLock({ command })
    expect('lock' in attempt).toBe(true)
    if ('lock' in attempt) await attempt.lock.release()
  })
})

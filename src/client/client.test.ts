import { PGlite } from '@electric-sql/pglite'
import { Client, Pool, type PoolClient } from 'pg'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import {
  searchPath,
  setVersion,
  versionFromEnvironment,
  versionOptions,
  versionParameters,
  versionSchema,
  versionUrl,
  withVersion,
} from './client.ts'

const hostile = [
  'Upper',
  'a-b',
  "x'; drop table runs --",
  'a"b',
  'a, b',
  '$user',
  'ünï ☃',
  'line\nbreak',
  'back\\slash \\',
  'x'.repeat(53),
]

describe('A search path', () => {
  test('has the schema of the version, and the base schema where that is wanted', () => {
    expect(searchPath('004_states')).toBe('migration_004_states')
    expect(searchPath('004_states', { base: 'public' })).toBe('migration_004_states, public')
    expect(searchPath('004-states', { base: 'order' })).toBe('"migration_004-states", "order"')
    expect(setVersion('004_states', { base: 'public' })).toBe('set local search_path to migration_004_states, public')
    expect(versionSchema('004-states')).toBe('migration_004-states')
    expect(versionParameters('004_states')).toEqual({ search_path: 'migration_004_states' })
  })

  test('is nothing without a version', () => {
    expect(versionOptions(undefined)).toEqual({})
    expect(versionOptions(undefined, { options: '-c jit=off' })).toEqual({ options: '-c jit=off' })
    expect(versionParameters(undefined)).toEqual({})
    expect(setVersion(undefined)).toBe('set local search_path to default')
    expect(versionUrl('postgres://localhost/x', undefined)).toBe('postgres://localhost/x')
  })

  test('has no name that would end it', () => {
    const refused = {
      code: 'name_invalid',
      message: '"migration_a\\u0000user\\u0000postgres" cannot be the name of a schema.',
      remedy: 'Give the name of a migration, and of a schema, without a zero byte.',
    }
    for (const make of [searchPath, setVersion, versionOptions, versionParameters]) {
      expect(() => make('a\0user\0postgres')).toThrow(expect.objectContaining(refused) as Error)
    }
    expect(() => searchPath('a', { base: '' })).toThrow(expect.objectContaining({ code: 'name_invalid' }) as Error)
  })

  test('of a URL joins what the URL has', () => {
    const own = 'options=-c%20search_path%3Dmigration_v1%2C%5C%20public'
    const scope = { base: 'public' }
    expect(versionUrl('postgres://u:p%40@h/d', 'v1', scope)).toBe(`postgres://u:p%40@h/d?${own}`)
    expect(versionUrl('postgres://h/d?sslmode=require#x', 'v1', scope)).toBe(`postgres://h/d?sslmode=require&${own}#x`)
    expect(versionUrl('postgres://h/d?options=-c%20jit%3Doff&a=b', 'v1')).toBe(
      'postgres://h/d?a=b&options=-c%20jit%3Doff%20-c%20search_path%3Dmigration_v1',
    )
  })

  test('is that of the version that the environment names', () => {
    expect(versionFromEnvironment({ METASTORE_VERSION: '004_states' })).toBe('004_states')
    expect(versionFromEnvironment({ METASTORE_VERSION: '' })).toBeUndefined()
    expect(versionFromEnvironment({})).toBeUndefined()
    expect(versionFromEnvironment()).toBe(process.env['METASTORE_VERSION'])
  })
})

describe('With pg', () => {
  let url: string

  beforeAll(async () => {
    const postgres = engines.find(({ name }) => name === 'postgres')
    url = (await postgres?.freshUrl()) ?? ''
    await setUp((text) => query(new Client(url), text))
  })

  async function query(client: Client, text: string): Promise<object[]> {
    await client.connect()
    try {
      return (await client.query<object>(text)).rows
    } finally {
      await client.end()
    }
  }

  test.each(['v1', ...hostile])(
    'a connection uses version %j from its start, by options or by its URL',
    async (version) => {
      const seen = [{ version, path: [versionSchema(version), 'public'] }]
      const scope = { base: 'public' }
      expect(await query(new Client({ connectionString: url, ...versionOptions(version, scope) }), look)).toEqual(seen)
      expect(await query(new Client(versionUrl(url, version, scope)), look)).toEqual(seen)
      const options = '-c application_name=mine'
      const both = new Client({ connectionString: url, ...versionOptions(version, { ...scope, options }) })
      expect(await query(both, `${look}, current_setting('application_name') as name`)).toEqual([
        { ...seen[0], name: 'mine' },
      ])
    },
  )

  test('a version stays selected when a pool or a framework resets its connections', async () => {
    const client = new Client({ connectionString: url, ...versionOptions('v1') })
    await client.connect()
    await client.query('set search_path to public')
    await client.query('discard all')
    expect((await client.query<object>(look)).rows).toEqual([{ version: 'v1', path: ['migration_v1'] }])
    await client.end()
  })

  test.each(['v1', ...hostile])('a transaction uses version %j, and nothing after it', async (version) => {
    const client = new Client(url)
    await client.connect()
    const seen = await withVersion(client, version, async (connection) => {
      expectTypeOf(connection).toEqualTypeOf<Client>()
      return (await connection.query<object>(look)).rows
    })
    expect(seen).toEqual([{ version, path: [versionSchema(version)] }])
    expect((await client.query<object>(look)).rows).toEqual([{ version: 'base', path: ['public'] }])
    await client.query(`begin; ${setVersion(version, { base: 'public' })}`)
    expect((await client.query<object>(look)).rows).toEqual([{ version, path: [versionSchema(version), 'public'] }])
    await client.end()
  })

  test('a transaction is committed, or rolled back with the error that ended it', async () => {
    await inPool(async (pool) => {
      const [row] = await withVersion(pool, 'v1', async (connection) => {
        expectTypeOf(connection).toEqualTypeOf<PoolClient>()
        return (await connection.query<{ n: number }>('insert into notes values ($1) returning 1 as n', ['kept'])).rows
      })
      expect(row).toEqual({ n: 1 })
      const failure = new Error('no')
      const failing = withVersion(pool, 'v1', async (connection) => {
        await connection.query(`insert into notes values ('lost')`)
        throw failure
      })
      await expect(failing).rejects.toBe(failure)
      const refused = withVersion(pool, 'v1', (connection) => connection.query('select nothing'))
      await expect(refused).rejects.toMatchObject({ code: '42703' })
      expect((await pool.query<object>('select body from public.notes order by 1')).rows).toEqual([{ body: 'kept' }])
      expect([pool.totalCount, pool.idleCount]).toEqual([1, 1])
    })
  })

  test('a transaction in which a failure was passed over is not reported as committed', async () => {
    await inPool(async (pool) => {
      const swallowed = withVersion(pool, 'v1', async (connection) => {
        await connection.query(`insert into notes values ('half')`)
        await connection.query('select nothing').catch(() => undefined)
      })
      await expect(swallowed).rejects.toMatchObject({
        code: 'statement_failed',
        message: 'The transaction was rolled back, because a statement in it has failed.',
        remedy: 'Let the error of that statement pass, or use a savepoint around what may fail.',
      })
      expect((await pool.query<object>(`select from public.notes where body = 'half'`)).rows).toEqual([])
    })
  })

  test('a version that the database does not have is an error, and does not fall back to the tables', async () => {
    const missing = {
      code: 'version_missing',
      message: 'The database has no version "v9" that this role may use.',
      where: 'migration_v9',
      remedy:
        'Start the migration of that name first (metastore start), or use the version that metastore status shows; a role needs a right on the base schema or on one of its tables.',
    }
    await inPool(async (pool) => {
      const never = withVersion(pool, 'v9', () => Promise.reject(new Error('not reached')), { base: 'public' })
      await expect(never).rejects.toMatchObject(missing)
      const role = `nobody ${process.pid}`
      await pool.query(`create role "${role}"; set role "${role}"`)
      const kept = withVersion(pool, 'v1', () => Promise.reject(new Error('not reached')))
      await expect(kept).rejects.toMatchObject({
        ...missing,
        message: missing.message.replace('v9', 'v1'),
        where: 'migration_v1',
      })
      await pool.query(`reset role; drop role "${role}"`)
    })
  })

  test('a connection that breaks is not given back to its pool', async () => {
    await inPool(async (pool) => {
      pool.on('error', () => undefined)
      const broken = withVersion(pool, 'v1', (connection) => {
        connection.on('error', () => undefined)
        return connection.query('select pg_terminate_backend(pg_backend_pid())')
      })
      await expect(broken).rejects.toMatchObject({ code: '57P01' })
      expect(pool.totalCount).toBe(0)
      expect((await pool.query<object>('select 1 as n')).rows).toEqual([{ n: 1 }])
    })
  })

  test('without a version a transaction sees the tables themselves', async () => {
    await inPool(async (pool) => {
      const seen = await withVersion(pool, undefined, (connection) => connection.query<object>(look))
      expect(seen.rows).toEqual([{ version: 'base', path: ['public'] }])
    })
  })

  async function inPool(work: (pool: Pool) => Promise<void>): Promise<void> {
    const pool = new Pool({ connectionString: url, max: 1 })
    try {
      await work(pool)
    } finally {
      await pool.end()
    }
  }
})

describe('With PGlite', () => {
  let db: PGlite

  beforeAll(async () => {
    db = await PGlite.create()
    await setUp((text) => db.exec(text))
  })
  afterAll(() => db.close())

  test.each(['v1', ...hostile])('a transaction uses version %j, and nothing after it', async (version) => {
    const seen = await withVersion(db, version, async (tx) => (await tx.query<object>(look)).rows)
    expect(seen).toEqual([{ version, path: [versionSchema(version)] }])
    expect((await db.query(look)).rows).toEqual([{ version: 'base', path: ['public'] }])
  })

  test('a failure rolls back, and a version that is not there is an error', async () => {
    const failing = withVersion(db, 'v1', async (tx) => {
      await tx.query(`insert into notes values ('lost')`)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect((await db.query('select from public.notes')).rows).toEqual([])
    await expect(withVersion(db, 'v9', () => Promise.resolve())).rejects.toMatchObject({ code: 'version_missing' })
    expect(await withVersion(db, undefined, async (tx) => (await tx.query(look)).rows)).toMatchObject([
      { version: 'base' },
    ])
  })
})

/** Says which version a session sees: each has a table that says its name. */
const look = `select (select name from version) as version, current_schemas(false)::text[] as path`

async function setUp(run: (text: string) => Promise<unknown>): Promise<void> {
  await run(`create table version as select 'base' as name; create table notes (body text)`)
  for (const version of ['v1', ...hostile]) {
    const schema = `"${versionSchema(version).replaceAll('"', '""')}"`
    const name = `E'${version.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    await run(`create schema ${schema}; create table ${schema}.version as select ${name} as name;
      create view ${schema}.notes as select body from public.notes`)
  }
}

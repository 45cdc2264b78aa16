import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engines } from '../../../test/harness/engines.ts'
import { sql } from '../../database/database.ts'
import { computed, rowOf, twoVersions, type TwoVersions } from '../../../test/harness/two-versions.ts'

const before = rowOf('t', { id: 'bigint', n: 'integer' })
const after = rowOf('t', { id: 'bigint', n: ['tmp', 'integer'] })

describe.each(engines.filter(({ name }) => name !== 'sqlite'))('on $name', (engine) => {
  let scene: TwoVersions
  beforeAll(async () => {
    scene = await twoVersions(await engine.freshUrl(), {
      tables: 'create table t (id bigint generated always as identity primary key, n integer, tmp integer)',
      oldViews: { t: 'select id, n from public.t' },
      newViews: { t: 'select id, tmp as n from public.t' },
      rules: [
        computed('up', 't.tmp', 'integer', 'n * 10', before, { counterpart: 'n' }),
        computed('down', 't.n', 'integer', 'n / 10', after, { counterpart: 'tmp' }),
      ],
      pending: ['t'],
    })
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  // What an insert of 50 comes to tells whose it was.
  const written = async (script: string, relation = 't'): Promise<unknown> => {
    await using session = await scene.db.session()
    await session.script(`${script}; insert into ${relation} (n) values (50)`)
    await session.close()
    const [row] = await scene.asBase('select n, tmp from public.t order by id desc limit 1')
    return row
  }
  const newSession = { n: 5, tmp: 50 }
  const oldSession = { n: 50, tmp: 500 }

  it.each([
    'set search_path to migration_v2',
    'set search_path to "migration_v2"',
    'set search_path to migration_v2, public',
    "set search_path = 'migration_v2', public",
    'set search_path to missing, migration_v2, public',
    "select set_config('search_path', 'migration_v2', false)",
  ])('scenario 76: counts a session as new after %s', async (script) => {
    expect(await written(script)).toEqual(newSession)
  })

  it.each([
    'set search_path to migration_v1',
    'set search_path to public',
    'set search_path to migration_v1, migration_v2',
  ])('scenario 76: counts a session as old after %s', async (script) => {
    expect(await written(script)).toEqual(oldSession)
  })

  it('scenario 76: counts a transaction as new where the path is set for it alone', async () => {
    await using session = await scene.session('old')
    const writtenIn = (path: string) =>
      session.transaction(async (tx) => {
        await tx.script(`set local search_path to ${path}`)
        await tx.script('insert into t (n) values (50)')
        return (await tx.query(sql`select n, tmp from public.t order by id desc limit 1`))[0]
      })
    expect(await writtenIn('migration_v2')).toEqual(newSession)
    expect(await writtenIn('migration_v1')).toEqual(oldSession)
  })

  it.each([
    "set metastore.version = 'v2'",
    "set metastore.version = 'migration_v2'",
    "set reshape.is_new_schema = 'YES'",
  ])('scenario 76: counts a session as new after %s', async (script) => {
    expect(await written(script, 'migration_v2.t')).toEqual(newSession)
  })

  it.each(["set metastore.version = 'v1'", "set metastore.version = ''", "set reshape.is_new_schema = 'NO'"])(
    'scenario 76: counts a session as old after %s',
    async (script) => {
      expect(await written(script, 'migration_v1.t')).toEqual(oldSession)
    },
  )
})

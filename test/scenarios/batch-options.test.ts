import { expect } from 'vitest'
import { openDatabase, raw, type Session } from '../../src/database/database.ts'
import { actions, scenario, world } from './world.ts'

const changes = { type: 'BIGINT' }
const wider = { '2_wider.json': actions({ type: 'alter_column', table: 't', column: 'code', changes }) }

scenario(
  42,
  'upserts that are serialized never meet on the second unique index',
  async (engine) => {
    const it = await world(engine, {
      schema:
        'create table t (id bigint generated always as identity primary key, code int not null unique, n int not null)',
      files: wider,
    })
    await it.start({ batch: { serializeUpserts: true } })
    const { oldSchema, newSchema } = await it.status()
    const database = await openDatabase(it.url)
    const upserts = async (schema: string | null) => {
      await using session: Session = await database.session()
      await session.script(`set search_path to ${schema ?? 'public'}`)
      for (let round = 0; round < 100; round += 1) {
        const rows = [1, 2, 3].map((offset) => `(${(round + offset) % 7}, 1)`).join(', ')
        await session.query(raw(`insert into t (code, n) values ${rows} on conflict (code) do update set n = t.n + 1`))
      }
    }
    await Promise.all([oldSchema, newSchema, oldSchema, newSchema].map(upserts))
    const [sum] = await it.base('select sum(n)::int as n, count(*)::int as rows from t')
    expect(sum).toEqual({ n: 1200, rows: 7 })
    await database.close()
    await it.complete()
    await it.expectClean()
  },
  { only: 'postgres' },
)

scenario(
  80,
  'the views of the author stay out of the version schema where they are not to be exposed',
  async (engine) => {
    const schema = 'create table t (id int primary key, code int); create view codes as select code from t'
    for (const exposeViews of [true, false]) {
      const it = await world(engine, {
        schema,
        files: { '2_more.json': actions({ type: 'custom', complete: 'create table more (id int)' }) },
      })
      await it.start({ batch: { exposeViews } })
      const views =
        "select count(*)::int as n from pg_views where schemaname = 'migration_2_more' and viewname = 'codes'"
      expect(await it.base(views)).toEqual([{ n: exposeViews ? 1 : 0 }])
      // The refresh after a script keeps to it.
      await it.complete()
      expect(await it.base(views)).toEqual([{ n: exposeViews ? 1 : 0 }])
      expect(await it.asNew('select * from more')).toEqual([])
      await it.expectClean()
    }
  },
)

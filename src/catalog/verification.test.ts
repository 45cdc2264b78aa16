import { describe, expect, test } from 'vitest'
import { postgresVersions } from '../../test/harness/engines.ts'
import { engines } from '../../test/harness/engines.ts'
import { openDatabase, raw, type Session } from '../database/database.ts'
import { introspect, objects, verificationQuery } from './catalog.ts'
import { createEverything } from '../../test/harness/everything.ts'

const targets = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

describe.each(targets)('On $name', ({ freshUrl }) => {
  test('the verification query of every kind of object gives one row while that is there, whatever the search path', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await createEverything(session, database.server.major)
    const catalog = await introspect(session, 'postgres')
    await session.script('set search_path = app, public')
    for (const object of objects(catalog)) {
      // Pasted into psql, it has its values written out.
      const rows = await session.query(raw(verificationQuery(object).inline('postgres')))
      expect(rows, object.key).toHaveLength(1)
    }
  })

  test('the verification query of every kind of object gives none where it is not', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    await createEverything(session, database.server.major)
    const catalog = await introspect(session, 'postgres')
    await using other = await openDatabase(await freshUrl())
    await using empty = await other.session()
    const there = new Set(['schema public', 'extension plpgsql'])
    for (const object of objects(catalog)) {
      const rows = await empty.query(verificationQuery(object))
      expect(rows, object.key).toHaveLength(there.has(object.key) ? 1 : 0)
    }
  })

  test('a disabled trigger, an unvalidated constraint and row-level security that is off are not as they should be', async () => {
    await using database = await openDatabase(await freshUrl())
    await using session = await database.session()
    const create = `create table runs (id integer constraint positive check (id > 0));
      create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger touched before update on runs for each row execute function touch();
      alter table runs enable row level security`
    await session.script(create)
    const catalog = await introspect(session, 'postgres')
    await session.script(`alter table runs disable trigger touched, disable row level security, drop constraint positive;
      alter table runs add constraint positive check (id > 0) not valid`)
    expect(await found(session, catalog)).toEqual({
      'table public.runs': 0,
      'constraint public.runs.positive': 0,
      'trigger public.runs.touched': 0,
    })
  })
})

test('On SQLite, every kind of object has a verification query too', async () => {
  await using database = await openDatabase(await engines.find(({ name }) => name === 'sqlite')!.freshUrl())
  await using session = await database.session()
  await session.script(`create table runs (id integer primary key, title text unique); create index by_title on runs (title);
    create view open as select id from runs; create trigger touched after update on runs begin select 1; end`)
  for (const object of objects(await introspect(session, 'sqlite'))) {
    expect(await session.query(verificationQuery(object, 'sqlite')), object.key).toHaveLength(
      // SQLite has a name of its own for the index of a constraint.
      object.kind === 'index' && object.value.constraint !== null ? 0 : 1,
    )
  }
  await session.script('drop table runs; drop view open')
  for (const object of objects(await introspect(session, 'sqlite'))) expect(object.kind).toBe('schema')
})

async function found(
  session: Session,
  catalog: Awaited<ReturnType<typeof introspect>>,
): Promise<Record<string, number>> {
  const result: Record<string, number> = {}
  for (const object of objects(catalog)) {
    const rows = await session.query(verificationQuery(object))
    if (['table', 'constraint', 'trigger'].includes(object.kind)) result[object.key] = rows.length
  }
  return result
}

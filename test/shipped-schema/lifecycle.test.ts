import { beforeAll, describe, expect, test } from 'vitest'
import { diffCatalogs, introspect, type Catalog } from '../../src/catalog/catalog.ts'
import { openDatabase, sql, type Database } from '../../src/database/database.ts'
import { migrate, migrationsHere, openEngine, rollback, type Destination } from '../../src/migrations/migrations.ts'
import { commandLine, lines } from '../cli/command-line.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import {
  anna,
  as,
  ident,
  freshOwnedUrls,
  migrateShipped,
  modules,
  openWorld,
  rowsOf,
  schemaDirectory,
  shippedFiles,
} from './world.ts'

const needed = modules.slice(0, 3)

type State = 'before' | 'after' | 'gone' | 'again'

describe('the life of the shipped schema', () => {
  const line = commandLine()
  let base: string

  // The three modules that the others stand on, to be copied.
  beforeAll(async () => {
    base = await freshPostgresUrl(18)
    await using database = await openDatabase(base)
    await migrateShipped(database, needed)
  })

  test('check finds nothing', async () => {
    expect(await line.run(`check --project ${schemaDirectory} --fail-on P2`)).toEqual({
      status: 0,
      stdout: lines('26 migrations checked, 0 findings.'),
      stderr: '',
    })
  })

  test('audit and doctor find nothing, also when there are partitions of the days', async () => {
    const DATABASE_URL = await freshPostgresUrl(18, base)
    {
      await using world = await openWorld(DATABASE_URL)
      await world.session.query(sql`select make_partitions('run_events', 'day'), make_partitions('events', 'month')`)
    }
    const around = { environment: { DATABASE_URL } }
    const audit = await line.run(`audit --project ${schemaDirectory} --fail-on P2`, around)
    expect(audit).toMatchObject({ status: 0, stdout: expect.stringContaining(' 0 findings.') as string })
    expect(await line.run(`doctor --project ${schemaDirectory}`, around)).toMatchObject({ status: 0 })
  })

  test.each(modules.slice(3))('%s needs no more than these, and comes, goes and comes again', async (name) => {
    const { before, after, gone, again } = await upDownUp([...needed, name], {
      kind: 'name',
      name: '301_threads_rules',
    })
    expect(diffCatalogs(before, after)).not.toEqual([])
    expect(diffCatalogs(before, gone)).toEqual([])
    expect(diffCatalogs(after, again)).toEqual([])
  })

  test('tenancy, catalogue and threads go and come again', async () => {
    const { after, gone, again } = await upDownUp(needed, { kind: 'base' })
    expect(gone.tables).toEqual([])
    expect(gone.routines).toEqual([])
    expect(diffCatalogs(after, again)).toEqual([])
  })

  test('memory and knowledge come, go and come again where there is pgvector, which stays', async () => {
    await using database = await openDatabase('pglite:memory')
    await migrateShipped(database, needed)
    const chosen = [...needed, 'memory', 'knowledge']
    const { before, after, gone, again } = await upDownUp(chosen, { kind: 'name', name: '301_threads_rules' }, database)
    const names = after.tables.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column.name}`))
    expect(names).toEqual(expect.arrayContaining(['store_vectors.embedding', 'chunks.embedding']))
    expect(gone.extensions.map(({ name }) => name)).toContain('vector')
    expect(diffCatalogs({ ...before, extensions: gone.extensions }, gone)).toEqual([])
    expect(diffCatalogs(after, again)).toEqual([])
  })

  async function upDownUp(
    chosen: readonly string[],
    to: Destination,
    given?: Database,
  ): Promise<Record<State, Catalog>> {
    await using own = given === undefined ? await openDatabase(await freshPostgresUrl(18, base)) : undefined
    const database = given ?? own ?? expect.fail()
    const before = await ownCatalog(database)
    await migrateShipped(database, chosen)
    const after = await ownCatalog(database)
    await using engine = await openEngine(database, { command: 'test' })
    const { files } = await migrationsHere(engine, await shippedFiles(chosen))
    // The two tenants that are always there are rows that go with their table.
    await rollback(engine, files, { to, allowDataLoss: to.kind === 'base' })
    const gone = await ownCatalog(database)
    await migrate(engine, files)
    return { before, after, gone, again: await ownCatalog(database) }
  }

  test('an owner that is no superuser migrates, and works on the rows of every tenant', async () => {
    const { asSuperuser, asOwner } = await freshOwnedUrls(`owner_${process.pid}`)
    await using superuser = await openDatabase(asSuperuser)
    await using session = await superuser.session()
    await using database = await openDatabase(asOwner)
    await migrateShipped(database)
    await using owner = await database.session()
    await owner.script(rowsOf(anna))
    expect(await owner.query(sql`update users set name = 'Anna' returning tenant_id`)).toEqual([{ tenant_id: anna }])
    expect(await as(session, 'metastore_app', anna, (tx) => tx.query(sql`select from threads`))).toHaveLength(1)
  })

  test('messages of 32 writers have the numbers from 1 on, without a gap, in the order in which they were committed', async () => {
    await using database = await openDatabase(await freshPostgresUrl(18, base))
    await using owner = await database.session()
    const thread = ident(anna, 'thread')
    const [fixture = ''] = rowsOf(anna).split(/insert into messages/)
    await owner.script(fixture)
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        await using session = await database.session()
        for (let i = 0; i < 4; i++) {
          await as(session, 'metastore_app', anna, (tx) =>
            tx.query(sql`insert into messages (tenant_id, thread_id, role) values (${anna}, ${thread}, 'user')`),
          )
        }
      }),
    )
    expect(
      await owner.query(sql`
        select count(*)::int, min(sequence)::int, max(sequence)::int,
          (select next_sequence::int from threads where thread_id = ${thread}) as next
        from messages where thread_id = ${thread}`),
    ).toEqual([{ count: 128, min: 1, max: 128, next: 129 }])
  })

  test('changes of an assistant by many at once are all kept, each a version', async () => {
    await using database = await openDatabase(await freshPostgresUrl(18, base))
    await using owner = await database.session()
    const [fixture = ''] = rowsOf(anna).split(/insert into assistant_tools/)
    await owner.script(fixture)
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await using session = await database.session()
        await as(session, 'metastore_app', anna, (tx) =>
          tx.query(sql`update assistants set metadata = metadata || ${JSON.stringify({ [`k${i}`]: i })}::text::jsonb`),
        )
      }),
    )
    expect(
      await owner.query(sql`
        select a.version, count(v)::int, (select count(*)::int from jsonb_object_keys(a.metadata)) as keys
        from assistants a join assistant_versions v using (tenant_id, assistant_id) group by a.version, a.metadata`),
    ).toEqual([{ version: 21, count: 21, keys: 20 }])
  })
})

/** What is there of the schema itself: neither the state of the engine nor the version, which is named after the newest file. */
async function ownCatalog(database: Database): Promise<Catalog> {
  await using session = await database.session()
  const { schemas, tables, views, routines, ...rest } = await introspect(session, 'postgres')
  const isOwn = (schema: string) => schema !== 'metastore' && !schema.startsWith('migration_')
  return {
    ...rest,
    schemas: schemas.filter(({ name }) => isOwn(name)),
    tables: tables.filter(({ schema }) => isOwn(schema)),
    views: views.filter(({ schema }) => isOwn(schema)),
    routines: routines.filter(({ schema }) => isOwn(schema)),
  }
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { id, sql, type Queryable } from '../../src/database/database.ts'
import { anna, as, bert, ident, openWorld, places, rowsOf, shared, type World } from './world.ts'

interface TenantTable {
  readonly schema: string
  readonly name: string
}

/** What a transaction of the application's role ends with: the SQLSTATE of its refusal, or how many rows it touched. */
async function outcome(work: Promise<readonly unknown[]>): Promise<number | string> {
  try {
    return (await work).length
  } catch (error) {
    return error instanceof Error && 'engineCode' in error ? String(error.engineCode) : String(error)
  }
}

function tenantTables(db: Queryable, schemas: readonly string[]): Promise<TenantTable[]> {
  return db.query<TenantTable>(sql`
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where n.nspname = any (string_to_array(${schemas.join(',')}, ',')) and a.attname = 'tenant_id' and c.relkind in ('r', 'p', 'v') and not c.relispartition
    order by 1, 2`)
}

describe.each(places)('the tenants of the shipped schema on $name', ({ freshUrl, tables: howMany }) => {
  let world: World
  let bases: TenantTable[]
  let tables: TenantTable[]

  beforeAll(async () => {
    world = await openWorld(await freshUrl())
    await world.session.script(rowsOf(anna))
    await world.session.script(rowsOf(bert))
    bases = await tenantTables(world.session, ['public', 'ai_guardrails'])
    tables = [...bases, ...(await tenantTables(world.session, [world.version]))]
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const asBert = <T>(work: (tx: Queryable) => Promise<T>) => as(world.session, 'metastore_app', bert, work)
  const of = ({ schema, name }: TenantTable) => id(schema, name)
  // assistant_versions is written by its trigger alone.
  const written = () => tables.filter(({ name }) => name !== 'assistant_versions')

  test('every table is looked at, as itself and through the version of the application', async () => {
    const counts = await Promise.all(
      bases.map(
        async (table) => (await world.session.query(sql`select from ${of(table)} where tenant_id = ${anna}`)).length,
      ),
    )
    expect(bases.length).toBe(howMany)
    expect(tables.length).toBe(2 * bases.length - 1)
    expect(counts.every((count) => count > 0)).toBe(true)
  })

  test('row-level security is on and forced in every table, tenants among them', async () => {
    const open = await world.session.query(sql`
      select c.relname from pg_class c
      where c.relnamespace in ('public'::regnamespace, 'ai_guardrails'::regnamespace) and c.relkind in ('r', 'p')
        and not (c.relrowsecurity and (c.relforcerowsecurity or c.relispartition))`)
    expect(open).toEqual([])
  })

  test('nobody reads, changes or removes a row of another tenant', async () => {
    const touched = await asBert(async (tx) => {
      const found: Record<string, unknown> = {}
      for (const table of tables) {
        const read = await tx.query(sql`select from ${of(table)} where tenant_id = ${anna}`)
        if (read.length > 0) found[`read ${table.name}`] = read.length
      }
      for (const table of written()) {
        const set = await tx.query(
          sql`update ${of(table)} set tenant_id = tenant_id where tenant_id = ${anna} returning 1`,
        )
        const gone = await tx.query(sql`delete from ${of(table)} where tenant_id = ${anna} returning 1`)
        if (set.length + gone.length > 0) found[`write ${table.name}`] = set.length + gone.length
      }
      return found
    })
    expect(touched).toEqual({})
  })

  test('nobody writes a row for another tenant, or gives one away', async () => {
    const outcomes: Record<string, number | string> = {}
    for (const table of written()) {
      const columns = await world.session.query<{ name: string }>(sql`
        select attname as name from pg_attribute
        where attrelid = ${`${table.schema}.${table.name}`}::regclass and attnum > 0 and not attisdropped and attgenerated = ''
          and attname not in ('tenant_id', 'graph_id', 'search', 'namespace_path') or attrelid = 'assistants'::regclass
          and attrelid = ${`${table.schema}.${table.name}`}::regclass and attname = 'graph_id'`)
      const list = columns.map(({ name }) => id(name).inline('postgres')).join(', ')
      const path = of(table).inline('postgres')
      outcomes[`insert ${path}`] = await outcome(
        asBert((tx) =>
          tx.script(`insert into ${path} (tenant_id, ${list}) select '${anna}', ${list} from ${path}`).then(() => []),
        ),
      )
      outcomes[`give ${path}`] = await outcome(
        asBert((tx) => tx.query(sql`update ${of(table)} set tenant_id = ${anna}`)),
      )
    }
    expect(Object.entries(outcomes).filter(([, code]) => code !== '42501')).toEqual([])
  })

  test('without a tenant, and as the shared one, the application sees nothing that is not shared', async () => {
    const seen = async (tenant: string | undefined) =>
      as(world.session, 'metastore_app', tenant, async (tx) => {
        const found: string[] = []
        for (const table of tables) {
          if ((await tx.query(sql`select from ${of(table)} where tenant_id <> ${shared}`)).length > 0)
            found.push(table.name)
        }
        return found
      })
    expect(await seen(undefined)).toEqual([])
    expect(await seen(shared)).toEqual([])
  })

  test('a tenant sees of the tenants itself, and changes none', async () => {
    expect(await asBert((tx) => tx.query(sql`select id from tenants`))).toEqual([{ id: bert }])
    expect(await outcome(asBert((tx) => tx.query(sql`update tenants set name = 'x'`)))).toBe('42501')
  })

  test('the administrator sees and changes the rows of every tenant', async () => {
    const found = await as(world.session, 'metastore_admin', undefined, (tx) =>
      tx.query(sql`update users set name = 'Seen' returning tenant_id`),
    )
    expect(found).toEqual(expect.arrayContaining([{ tenant_id: anna }, { tenant_id: bert }]))
  })

  test('every unique key and every foreign key of a table of tenants has tenant_id, which Citus needs', async () => {
    const wanting = await world.session.query(sql`
      select i.indexrelid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indrelid
      where i.indisunique and c.relnamespace in ('public'::regnamespace, 'ai_guardrails'::regnamespace)
        and c.oid <> 'tenants'::regclass
        and i.indkey[0] <> (select attnum from pg_attribute where attrelid = c.oid and attname = 'tenant_id')
      union all
      select k.conrelid::regclass || '.' || k.conname from pg_constraint k
      where k.contype = 'f' and k.connamespace in ('public'::regnamespace, 'ai_guardrails'::regnamespace)
        and (k.conkey[1] <> (select attnum from pg_attribute where attrelid = k.conrelid and attname = 'tenant_id')
          or k.confrelid <> 'tenants'::regclass
            and k.confkey[1] <> (select attnum from pg_attribute where attrelid = k.confrelid and attname = 'tenant_id'))`)
    expect(wanting).toEqual([])
  })

  describe('shared rows', () => {
    const assistant = ident(shared, 'assistant')
    const tool = ident(shared, 'tool')

    beforeAll(() =>
      as(world.session, 'metastore_admin', undefined, (tx) =>
        tx.script(`
          insert into llm_models (tenant_id, id, context_window, provider, model_name)
            values ('${shared}', '${ident(shared, 'model')}', 1, 'p', 'shared');
          insert into base_tools (tenant_id, id, type, handler_class) values ('${shared}', '${ident(shared, 'base')}', 'b', 'B');
          insert into tools (tenant_id, id, base_tool_id, name) values ('${shared}', '${tool}', '${ident(shared, 'base')}', 't');
          insert into assistants (tenant_id, assistant_id, graph_id, is_system) values
            ('${shared}', '${assistant}', 'shared', false), ('${shared}', '${ident(shared, 'system')}', 'system', true)`),
      ),
    )

    const graphs = async (table: string) =>
      (
        await asBert((tx) =>
          tx.query<{ graph_id: string }>(sql`
        select graph_id from ${id(table)} where tenant_id = ${shared} order by 1`),
        )
      ).map((row) => row.graph_id)

    test('are read by every tenant, assistants and tools only where they are enabled', async () => {
      const before = await asBert(async (tx) => ({
        models: (await tx.query(sql`select from llm_models where tenant_id = ${shared}`)).length,
        tools: (await tx.query(sql`select from tools where tenant_id = ${shared}`)).length,
      }))
      expect([before, await graphs('assistants'), await graphs('assistant_versions')]).toEqual([
        { models: 1, tools: 0 },
        ['system'],
        ['system'],
      ])
      await asBert(async (tx) => {
        await tx.query(sql`insert into tenant_assistants (tenant_id, assistant_id) values (${bert}, ${assistant})`)
        await tx.query(sql`insert into tenant_tools (tenant_id, tool_id) values (${bert}, ${tool})`)
      })
      const tools = await asBert((tx) => tx.query(sql`select from tools where tenant_id = ${shared}`))
      expect([tools.length, await graphs('assistants'), await graphs('assistant_versions')]).toEqual([
        1,
        ['shared', 'system'],
        ['shared', 'system'],
      ])
    })

    test('are written by the administrator alone', async () => {
      const attempts = [
        sql`insert into llm_models (tenant_id, context_window, provider, model_name) values (${shared}, 1, 'p', 'x')`,
        sql`update llm_models set tenant_id = ${shared}`,
      ]
      for (const attempt of attempts) expect(await outcome(asBert((tx) => tx.query(attempt)))).toBe('42501')
      const quiet = [
        sql`update llm_models set is_active = false where tenant_id = ${shared} returning 1`,
        sql`delete from assistants where tenant_id = ${shared} returning 1`,
      ]
      for (const attempt of quiet) expect(await outcome(asBert((tx) => tx.query(attempt)))).toBe(0)
    })

    test("are referred to like rows of one's own; rows of another tenant are not", async () => {
      await asBert((tx) => tx.query(sql`insert into threads (tenant_id, assistant_id) values (${bert}, ${assistant})`))
      await expect(
        asBert((tx) =>
          tx.query(sql`insert into threads (tenant_id, assistant_id) values (${bert}, ${ident(anna, 'assistant')})`),
        ),
      ).rejects.toThrow('threads.assistant_id refers to no row of assistants that is of the tenant or shared.')
    })

    test('stay while a tenant uses them', async () => {
      const remove = (assistantId: string) =>
        as(world.session, 'metastore_admin', undefined, (tx) =>
          tx.query(sql`delete from assistants where assistant_id = ${assistantId} returning 1`),
        )
      await expect(remove(assistant)).rejects.toThrow(
        /^A row of assistants is still used by (threads|tenant_assistants)\.assistant_id\.$/,
      )
      expect(await remove(ident(shared, 'system'))).toHaveLength(1)
    })
  })

  test('a tenant that is deleted takes everything of its own along, and nothing else', async () => {
    const counted = async (tenant: string) =>
      Promise.all(
        bases.map(
          async (table) =>
            (await world.session.query(sql`select from ${of(table)} where tenant_id = ${tenant}`)).length,
        ),
      )
    const before = await counted(bert)
    await as(world.session, 'metastore_admin', undefined, (tx) => tx.query(sql`delete from tenants where id = ${anna}`))
    expect((await counted(anna)).every((count) => count === 0)).toBe(true)
    expect(await counted(bert)).toEqual(before)
  })
})

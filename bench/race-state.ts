import type { Contender } from './contender.ts'
import { contestedFiles, prefix, type SqlFile } from './migration-set.ts'
import type { Workshop } from './workshop.ts'

/** What is raced over, and what must be there afterwards. */
export interface Race {
  readonly migrations: readonly SqlFile[]
  readonly state: string
}

/** The set as a contender can run it, and the state that its statements make when they are run one by one, once. */
export async function referenceState({ server }: Workshop, contender: Contender): Promise<Race> {
  const migrations = contestedFiles({ concurrently: contender.canLeaveTransaction })
  const url = await server.freshDatabase()
  const objects = await server.withClient(url, async (client) => {
    for (const statement of migrations.flatMap(({ statements }) => statements)) await client.query(statement)
    const { rows } = await client.query<{ state: string }>(stateOfObjects)
    return rows[0]?.state ?? ''
  })
  await server.dropDatabase(url)
  return { migrations, state: `${migrations.length} recorded; ${objects}` }
}

/** What a contender has left: how many migrations it has recorded, the tables with their columns and rows, valid indexes. */
export function readState({ server }: Workshop, contender: Contender, url: string): Promise<string> {
  return server.withClient(url, async (client) => {
    try {
      const recorded = await client.query<{ count: number }>(contender.recorded)
      const objects = await client.query<{ state: string }>(stateOfObjects)
      return `${recorded.rows[0]?.count} recorded; ${objects.rows[0]?.state}`
    } catch (error) {
      return (error as Error).message
    }
  })
}

const stateOfObjects = `
  select coalesce(string_agg(state, ', ' order by state), 'nothing') as state
  from (
    select
      c.relname
      || case c.relkind
           when 'r' then
             ' ' || c.relnatts || ' columns '
             || (xpath('/row/n/text()', query_to_xml('select count(*) as n from ' || c.oid::regclass, false, true, '')))[1]::text
             || ' rows'
           else case when i.indisvalid then '' else ' invalid' end
         end as state
    from pg_class c
    left join pg_index i on i.indexrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'i') and c.relname like '${prefix}%'
  ) as objects`

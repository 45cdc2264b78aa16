import { type Database, sql } from '../src/database/database.ts'

/** How many messages a thread has. */
export const threadLength = 1000

/**
 * Adds threads full of messages until there are so many messages, and returns the threads. Triggers are left out: they number
 * messages one by one, which is what makes them take their time, and nothing of what is measured.
 */
export async function fillMessages(
  database: Database,
  tenant: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<string[]> {
  await using session = await database.session()
  const count = Math.ceil((to - from) / threadLength)
  const threads = await session.query<{ thread_id: string }>(sql`
    insert into public.threads (tenant_id, thread_id, metadata)
    select ${tenant}::uuid, gen_random_uuid(), '{}' from generate_series(1, ${count}::integer) returning thread_id`)
  const ids = threads.map(({ thread_id }) => thread_id)
  await session.script('set session_replication_role = replica')
  for (let first = 0; first < ids.length; first += 100) {
    const some = `{${ids.slice(first, first + 100).join(',')}}`
    await session.execute(sql`
      insert into public.messages (tenant_id, thread_id, sequence, role, content)
      select ${tenant}::uuid, thread_id, sequence, 'user', repeat('words of a message ', 5) || sequence
      from unnest(${some}::uuid[]) thread_id, generate_series(1, ${threadLength}::integer) sequence`)
  }
  await session.script('reset session_replication_role; analyze public.messages')
  return ids
}

import { setTimeout as delay } from 'node:timers/promises'
import { id, sql, type Session } from '../database/database.ts'
import type { Progress } from '../progress.ts'
import type { ConcurrentIndex } from './step.ts'

interface IndexContext {
  readonly session: Session
  readonly signal: AbortSignal
  readonly progress: Progress
}

interface FoundIndex {
  readonly schema: string
  readonly name: string
  readonly valid: boolean
  /** The session that is building it at this moment. */
  readonly builder: number | null
}

/**
 * Looks at the catalog before a concurrent index statement runs, and says whether it has already happened. A statement that an
 * earlier run began may go on in the server after its client died, so its end is awaited; an invalid index that a failed
 * build left is dropped. IF NOT EXISTS is never taken as proof: an invalid index of that name is rebuilt
 * (PostgreSQL manual, CREATE INDEX, "Building Indexes Concurrently").
 */
export async function prepareIndex(
  context: IndexContext,
  index: ConcurrentIndex,
  interruptedBefore: boolean,
): Promise<{ happened: boolean }> {
  // The build waits for every older snapshot in the database, and that wait counts against lock_timeout.
  await context.session.script('set lock_timeout = 0')
  if (index.name === null) return { happened: false }
  const found = await awaitBuilder(context, index)
  if (index.operation === 'drop') return { happened: interruptedBefore && found === undefined }
  if (index.operation === 'reindex' || found === undefined) return { happened: false }
  if (found.valid) return { happened: interruptedBefore }
  await dropFound(context, found)
  return { happened: false }
}

/** Drops the invalid index that a failed build left, so that writers do not go on maintaining it. */
export async function dropInvalidIndex(context: IndexContext, index: ConcurrentIndex): Promise<void> {
  const found = await findIndex(context.session, index)
  if (found !== undefined && !found.valid && found.builder === null) await dropFound(context, found)
}

async function awaitBuilder(context: IndexContext, index: ConcurrentIndex): Promise<FoundIndex | undefined> {
  for (let polls = 0; ; polls++) {
    const found = await findIndex(context.session, index)
    if (found === undefined || found.builder === null) return found
    if (polls === 0) {
      const message = `Server process ${found.builder} is still building index ${found.name}; waiting for it.`
      context.progress({ kind: 'notice', message })
    }
    // The signal only ends the pause: the next query refuses to run when it is aborted, with the error that says so.
    await delay(100, undefined, { signal: context.signal }).catch(() => undefined)
  }
}

async function dropFound(context: IndexContext, found: FoundIndex): Promise<void> {
  context.progress({ kind: 'notice', message: `Dropping the invalid index ${found.name} that a failed build left.` })
  await context.session.script(sql`drop index concurrently ${id(found.schema, found.name)}`.inline('postgres'))
}

async function findIndex(session: Session, { schema, name }: ConcurrentIndex): Promise<FoundIndex | undefined> {
  if (name === null) return undefined
  const rows = await session.query<FoundIndex>(sql`
    select
      namespace.nspname as schema,
      class.relname as name,
      index.indisvalid as valid,
      (
        select activity.pid from pg_catalog.pg_stat_progress_create_index activity
        where activity.index_relid = index.indexrelid and activity.datname = current_database()
        limit 1
      ) as builder
    from pg_catalog.pg_index index
    join pg_catalog.pg_class class on class.oid = index.indexrelid
    join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
    where class.relname = ${name}
      and case
        when ${schema}::text is null then pg_catalog.pg_table_is_visible(class.oid)
        else namespace.nspname = ${schema}
      end`)
  return rows[0]
}

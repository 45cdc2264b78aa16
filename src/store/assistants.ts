import { id, join, sql, type Sql } from '../database/database.ts'
import { assistantSearch, type AssistantFilter, type AssistantQuery } from './assistant-search.ts'
import { conflict, notFound } from './failures.ts'
import type { NumberedPage } from './numbered-page.ts'
import type { AssistantsRow, AssistantVersionsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import { settleThreads } from './threads/thread-status.ts'
import { systemAssistantId } from './system-assistants.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { within } from './transaction.ts'
import { json, type JsonObject, refuseNul } from './values.ts'

/** A configured agent: a graph with its configuration, in versions. */
export type Assistant = AssistantsRow

/** What an assistant was at one of its versions. */
export type AssistantVersion = AssistantVersionsRow

/** What is said of an assistant when it is made. */
export interface NewAssistant {
  readonly assistantId?: string | undefined
  readonly graphId: string
  readonly name?: string | undefined
  readonly description?: string | null | undefined
  readonly config?: JsonObject | undefined
  readonly context?: JsonObject | undefined
  readonly metadata?: JsonObject | undefined
}

/** A change of an assistant; what is not said stays. Metadata is merged, everything else replaced. */
export type AssistantChange = Omit<NewAssistant, 'assistantId' | 'graphId'> & { readonly graphId?: string | undefined }

/** The assistants of a tenant, with the shared ones that it may use. An id may be a graph's name: its system assistant. */
export interface Assistants {
  /** By its id. Throws `not_found`. */
  get(assistantId: string): Promise<Assistant>
  /** Throws `conflict` where the id is taken, unless the one that is there will do. */
  create(assistant: NewAssistant, ifExists?: 'raise' | 'do_nothing'): Promise<Assistant>
  /** Makes the next version. Throws `not_found`, and `conflict` for a shared assistant. */
  update(assistantId: string, change: AssistantChange): Promise<Assistant>
  /** Removes it with its versions, runs and crons, and on demand its threads. Throws `not_found`, `conflict`. */
  remove(assistantId: string, options?: { readonly threads?: boolean | undefined }): Promise<void>
  search(query: AssistantQuery): Promise<NumberedPage<Assistant>>
  count(filter: AssistantFilter): Promise<number>
  /** The newest first. Throws `not_found`. */
  versions(
    assistantId: string,
    page: { readonly limit: number; readonly offset: number; readonly metadata?: JsonObject | undefined },
  ): Promise<AssistantVersion[]>
  /** Goes back to a version, whole. Throws `not_found`, `conflict`. */
  setLatest(assistantId: string, version: number): Promise<Assistant>
}

/** The assistants that transactions of `run` see. */
export function assistants(run: Run): Assistants {
  const search = assistantSearch(run)
  return {
    get: (assistantId) => find(run, assistantId),
    create: (assistant, ifExists = 'raise') => run((tx) => create(tx, assistant, ifExists)),
    update: (assistantId, change) => run((tx) => update(tx, assistantId, change)),
    remove: (assistantId, { threads = false } = {}) => run((tx) => remove(tx, assistantId, threads)),
    search: search.page,
    count: search.count,
    versions: (assistantId, { limit, offset, metadata }) =>
      run(async (tx) => {
        const { assistant_id, tenant_id } = await find(within(tx), assistantId)
        refuseNul(metadata, 'metadata')
        return tx.query<AssistantVersion>(sql`
          select * from assistant_versions
          where tenant_id = ${tenant_id} and assistant_id = ${assistant_id} and metadata @> ${json(metadata ?? {})}
          order by version desc
          limit ${limit} offset ${offset}`)
      }),
    setLatest: (assistantId, version) => run((tx) => setLatest(tx, assistantId, version)),
  }
}

/** The id of an assistant that is given as its id or as the name of a graph. */
export function assistantIdOf(idOrGraph: string): string {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(idOrGraph) ? idOrGraph : systemAssistantId(idOrGraph)
}

async function find(run: Run, assistantId: string): Promise<Assistant> {
  // One's own comes before a shared one of the same id.
  const [found] = await run.read<Assistant>(sql`
    select * from assistants
    where tenant_id in (current_tenant(), shared_tenant()) and assistant_id = ${assistantIdOf(assistantId)}
    order by tenant_id = shared_tenant()
    limit 1`)
  if (found === undefined) throw notFound('assistant', assistantId)
  return found
}

async function create(
  tx: StoreTransaction,
  assistant: NewAssistant,
  ifExists: 'raise' | 'do_nothing',
): Promise<Assistant> {
  refuseNul(assistant, '')
  const { assistantId, graphId, name = 'Untitled', description = null, config, context, metadata } = assistant
  const taken = async (): Promise<Assistant | undefined> => {
    if (assistantId === undefined) return undefined
    return tx.first<Assistant>(sql`
      select * from assistants
      where tenant_id in (current_tenant(), shared_tenant()) and assistant_id = ${assistantId}`)
  }
  const made =
    (await taken()) === undefined
      ? await tx.first<Assistant>(sql`
          insert into assistants
            (tenant_id, assistant_id, graph_id, name, description, config, context, metadata)
          values (
            current_tenant(), ${assistantId === undefined ? sql`new_id()` : sql`${assistantId}::uuid`}, ${graphId}, ${name},
            ${description}, ${json(config ?? {})}, ${json(context ?? {})}, ${json(metadata ?? {})})
          on conflict (tenant_id, assistant_id) do nothing
          returning *`)
      : undefined
  if (made !== undefined) return made
  if (ifExists === 'do_nothing') return find(within(tx), assistantId ?? '')
  throw conflict(
    `There is an assistant ${assistantId} already.`,
    'Choose another id, or ask for if_exists: "do_nothing" to get the one that is there.',
  )
}

async function update(tx: StoreTransaction, assistantId: string, change: AssistantChange): Promise<Assistant> {
  refuseNul(change, '')
  const { assistant_id } = await lock(tx, assistantId)
  const { graphId, name, description, config, context, metadata } = change
  const changes: Sql[] = []
  if (graphId !== undefined) changes.push(sql`graph_id = ${graphId}`)
  if (name !== undefined) changes.push(sql`name = ${name}`)
  if (description !== undefined) changes.push(sql`description = ${description}`)
  if (config !== undefined) changes.push(sql`config = ${json(config)}`)
  if (context !== undefined) changes.push(sql`context = ${json(context)}`)
  if (metadata !== undefined) changes.push(sql`metadata = metadata || ${json(metadata)}`)
  // Said here, so that a change to what is there already is a version as well. The row is locked, so that nobody else makes one.
  changes.push(sql`version = 1 + (
    select max(v.version) from assistant_versions v
    where v.tenant_id = current_tenant() and v.assistant_id = ${assistant_id})`)
  const [changed] = await tx.query<Assistant>(sql`
    update assistants set ${join(changes)}
    where tenant_id = current_tenant() and assistant_id = ${assistant_id}
    returning *`)
  if (changed === undefined) throw notFound('assistant', assistantId)
  return changed
}

/** What goes back to a version: what the versions hold. */
const versioned = ['graph_id', 'name', 'description', 'prompt', 'config', 'context', 'metadata', 'version'] as const

async function setLatest(tx: StoreTransaction, assistantId: string, version: number): Promise<Assistant> {
  const { assistant_id } = await lock(tx, assistantId)
  const changed = await tx.first<Assistant>(sql`
    update assistants a set ${join(versioned.map((column) => sql`${id(column)} = ${id('v', column)}`))}
    from assistant_versions v
    where a.tenant_id = current_tenant() and a.assistant_id = ${assistant_id}
      and v.tenant_id = current_tenant() and v.assistant_id = ${assistant_id} and v.version = ${version}
    returning a.*`)
  if (changed === undefined) throw notFound(`version of assistant ${assistantId}`, String(version))
  return changed
}

async function remove(tx: StoreTransaction, assistantId: string, withThreads: boolean): Promise<void> {
  const { assistant_id } = await lock(tx, assistantId)
  const own = sql`tenant_id = current_tenant() and assistant_id = ${assistant_id}`
  // Threads first, then what refers to the assistant; the triggers refuse to leave a reference to nothing.
  const active = await tx.query<{ run_id: string }>(sql`
    select run_id from runs where ${own} and status in ('pending', 'running')`)
  if (withThreads) {
    const named = json({ assistant_id })
    await tx.execute(sql`
      delete from threads
      where tenant_id = current_tenant()
        and (assistant_id = ${assistant_id} or thread_id in (select threads_with_metadata(${named})))`)
  } else {
    await tx.execute(sql`update threads set assistant_id = null where ${own}`)
  }
  // Their status comes from the runs that are about to go.
  const affected = await tx.query<{ thread_id: string }>(sql`
    select t.thread_id from threads t
    where t.status in ('busy', 'error') and t.thread_id in (select r.thread_id from runs r where ${own})`)
  for (const table of ['runs', 'crons', 'assistant_tools', 'tenant_assistants']) {
    await tx.execute(sql`delete from ${id(table)} where ${own}`)
  }
  await settleThreads(
    tx,
    affected.map(({ thread_id }) => thread_id),
  )
  await tx.execute(sql`update widgets set assistant_id = null where ${own}`)
  await tx.execute(sql`delete from assistants where ${own}`)
  for (const { run_id } of active) tx.wake('cancel', run_id)
}

/** The tenant's own assistant, which nobody else changes until the transaction ends. */
async function lock(tx: StoreTransaction, assistantId: string): Promise<{ readonly assistant_id: string }> {
  const assistant_id = assistantIdOf(assistantId)
  const own = await tx.first(sql`
    select version from assistants where tenant_id = current_tenant() and assistant_id = ${assistant_id} for update`)
  if (own === undefined) {
    await find(within(tx), assistantId)
    throw conflict(
      `The assistant ${assistantId} is shared by all tenants, so that no tenant changes or deletes it.`,
      'Create an assistant of your own with the same graph, and change that one.',
    )
  }
  return { assistant_id }
}

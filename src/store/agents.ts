import { join, sql } from '../database/database.ts'
import { type Changes, changes, given } from './changes.ts'
import { conflict, invalid, notFound } from './failures.ts'
import { explaining } from './refusals.ts'
import type { AssistantsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import type { StoreTransaction } from './store-transaction.ts'

/** An assistant as those see it who chat with it by its name: a prompt and a model. */
export type Agent = Pick<
  AssistantsRow,
  | 'assistant_id'
  | 'graph_id'
  | 'name'
  | 'description'
  | 'prompt'
  | 'llm_model_id'
  | 'output_format_id'
  | 'version'
  | 'is_active'
  | 'created_at'
  | 'updated_at'
> & { readonly shared: boolean }

/** An agent that a tenant makes for itself. */
export interface NewAgent {
  readonly name: string
  readonly description?: string | null | undefined
  readonly prompt?: string | null | undefined
  readonly llm_model_id?: string | null | undefined
  readonly graph_id?: string | undefined
}

/** What of an agent is to be changed. A change of what it says makes a new version. */
export interface AgentChange extends Changes<NewAgent> {
  readonly is_active?: boolean | undefined
}

/** A tool of an agent; the lowest priority comes first. */
export interface AgentTool {
  readonly tool_id: string
  readonly name: string
  readonly priority: number
}

/** The agents of a tenant: its own, and the shared ones that it may use. */
export interface Agents {
  list(): Promise<Agent[]>
  /** The one that answers to this very name; the tenant's own before a shared one. */
  named(name: string): Promise<Agent | undefined>
  /** Throws `request_invalid` for a name that another agent of the tenant has. */
  create(agent: NewAgent): Promise<Agent>
  /** Changes one of the tenant's own. Throws `not_found`. */
  update(id: string, change: AgentChange): Promise<Agent>
  /** Removes one of the tenant's own; its threads stay. Throws `not_found`, `conflict` while something is set up with it. */
  remove(id: string): Promise<void>
  /** The tools of an agent, in their order. */
  tools(id: string): Promise<AgentTool[]>
  /** Gives one of the tenant's own agents these tools and no others. Throws `not_found`, `request_invalid`. */
  setTools(id: string, tools: readonly { readonly tool_id: string; readonly priority: number }[]): Promise<void>
}

const columns = sql`
  assistant_id, tenant_id = shared_tenant() as shared, graph_id, name, description, prompt, llm_model_id, output_format_id,
  version, is_active, created_at, updated_at`

/** The agents that transactions of `run` see. */
export function agents(run: Run): Agents {
  return {
    list: () =>
      run((tx) =>
        tx.query<Agent>(sql`
          select ${columns} from assistants
          where tenant_id in (current_tenant(), shared_tenant()) and not is_system order by name, assistant_id`),
      ),
    named: (name) =>
      run((tx) =>
        tx.first<Agent>(sql`
          select ${columns} from assistants
          where tenant_id in (current_tenant(), shared_tenant()) and name = ${name} and not is_system
          order by is_active desc, tenant_id = shared_tenant(), created_at, assistant_id limit 1`),
      ),
    create: (agent) => run((tx) => create(tx, agent)),
    update: (id, change) => run((tx) => update(tx, id, change)),
    remove: (id) => run((tx) => remove(tx, id)),
    tools: (id) =>
      run((tx) =>
        tx.query<AgentTool>(sql`
          select x.tool_id, t.name, x.priority
          from assistant_tools x join tools t on t.tenant_id in (x.tenant_id, shared_tenant()) and t.id = x.tool_id
          where x.tenant_id in (current_tenant(), shared_tenant()) and x.assistant_id = ${id}
          order by x.priority, t.name`),
      ),
    setTools: (id, given) => run((tx) => setTools(tx, id, given)),
  }
}

const refusals = {
  assistants_llm_model_id_exists: () => invalid('llm_model_id', 'There is no such model.'),
}

async function create(tx: StoreTransaction, agent: NewAgent): Promise<Agent> {
  await assertFree(tx, agent.name)
  return explaining(refusals, async () => {
    const [made] = await tx.query<Agent>(sql`
      insert into assistants (tenant_id, graph_id, name, description, prompt, llm_model_id)
      values (
        ${tx.tenantId}, ${agent.graph_id ?? 'chat'}, ${agent.name}, ${agent.description ?? null}, ${agent.prompt ?? null},
        ${agent.llm_model_id ?? null})
      returning ${columns}`)
    return made as Agent
  })
}

async function update(tx: StoreTransaction, id: string, change: AgentChange): Promise<Agent> {
  if (change.name !== undefined) await assertFree(tx, change.name, id)
  return explaining(refusals, async () => {
    const [changed] = await tx.query<Agent>(sql`
      update assistants set ${changes({
        name: given(change.name),
        description: given(change.description),
        prompt: given(change.prompt),
        llm_model_id: change.llm_model_id === undefined ? undefined : sql`${change.llm_model_id}`,
        graph_id: given(change.graph_id),
        is_active: given(change.is_active),
      })}
      where tenant_id = ${tx.tenantId} and assistant_id = ${id} and not is_system
      returning ${columns}`)
    if (changed === undefined) throw notFound('agent', id)
    return changed
  })
}

// Assistants may have the same name, agents that one chats with by name may not; so there is no index that says so.
async function assertFree(tx: StoreTransaction, name: string, besides?: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`agent ${tx.tenantId} ${name}`}, 0))`)
  const other = await tx.first(sql`
    select from assistants
    where tenant_id = ${tx.tenantId} and name = ${name} and not is_system
      ${besides === undefined ? sql`` : sql`and assistant_id <> ${besides}`}
    limit 1`)
  if (other !== undefined) throw invalid('name', 'Another agent has this name.')
}

function remove(tx: StoreTransaction, id: string): Promise<void> {
  const used = () =>
    conflict('The agent is still used.', 'Take it from the threads, tools and widgets that have it first.')
  const kept = ['threads', 'assistant_tools', 'tenant_assistants', 'widgets', 'runs', 'crons']
  return explaining(Object.fromEntries(kept.map((table) => [`${table}_assistant_id_kept`, used])), async () => {
    await tx.execute(sql`delete from assistant_tools where tenant_id = ${tx.tenantId} and assistant_id = ${id}`)
    const removed = await tx.execute(
      sql`delete from assistants where tenant_id = ${tx.tenantId} and assistant_id = ${id} and not is_system`,
    )
    if (removed === 0) throw notFound('agent', id)
  })
}

async function setTools(
  tx: StoreTransaction,
  id: string,
  tools: readonly { readonly tool_id: string; readonly priority: number }[],
): Promise<void> {
  const own = await tx.first(sql`
    select from assistants where tenant_id = ${tx.tenantId} and assistant_id = ${id} and not is_system for no key update`)
  if (own === undefined) throw notFound('agent', id)
  await tx.execute(sql`delete from assistant_tools where tenant_id = ${tx.tenantId} and assistant_id = ${id}`)
  if (tools.length === 0) return
  const rows = tools.map(({ tool_id, priority }) => sql`(${tx.tenantId}, ${id}, ${tool_id}, ${priority})`)
  await explaining(
    {
      assistant_tools_tool_id_exists: () => invalid('tools', 'There is no such tool.'),
      assistant_tools_pkey: () => invalid('tools', 'A tool is named twice.'),
    },
    () =>
      tx.execute(sql`insert into assistant_tools (tenant_id, assistant_id, tool_id, priority) values ${join(rows)}`),
  )
}

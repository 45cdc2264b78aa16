import { agents, type Agents } from './agents.ts'
import { apiKeys, type ApiKeys } from './api-keys.ts'
import { assistants, type Assistants } from './assistants.ts'
import { checkpoints, type Checkpoints } from './checkpoints/checkpoints.ts'
import { crons, type Crons } from './crons.ts'
import type { Embedding } from './embeddings/embeddings.ts'
import { guardrails, type Guardrails } from './guardrails.ts'
import { items, type Items } from './items/items.ts'
import { knowledge, type Knowledge } from './knowledge.ts'
import { llm, type Llm } from './llm.ts'
import { messages, type Messages } from './messages.ts'
import { permissions, type Permissions } from './permissions.ts'
import type { Run } from './runs/run.ts'
import { runEvents, type RunEvents } from './runs/run-events.ts'
import { runs, type Runs } from './runs/runs.ts'
import { sessions, type Sessions } from './sessions.ts'
import { settings, type Settings } from './settings.ts'
import { skills, type Skills } from './skills.ts'
import { stateUpdates, type StateUpdates } from './threads/state-updates.ts'
import { support, type Support } from './support.ts'
import { tasks, type Tasks } from './tasks.ts'
import { telemetry, type Telemetry } from './telemetry.ts'
import { type OwnTenant, ownTenant } from './tenants.ts'
import { threads, type Threads } from './threads/threads.ts'
import { tools, type Tools } from './tools.ts'
import { users, type Users } from './users.ts'
import { widgets, type Widgets } from './widgets.ts'

/** What a tenant has, aggregate by aggregate. */
export interface Repositories {
  readonly agents: Agents
  readonly apiKeys: ApiKeys
  readonly assistants: Assistants
  readonly checkpoints: Checkpoints
  readonly crons: Crons
  readonly guardrails: Guardrails
  readonly items: Items
  readonly knowledge: Knowledge
  readonly llm: Llm
  readonly messages: Messages
  readonly permissions: Permissions
  readonly runEvents: RunEvents
  readonly runs: Runs
  readonly sessions: Sessions
  readonly settings: Settings
  readonly skills: Skills
  readonly stateUpdates: StateUpdates
  readonly support: Support
  readonly tasks: Tasks
  readonly telemetry: Telemetry
  readonly tenant: OwnTenant
  readonly threads: Threads
  readonly tools: Tools
  readonly users: Users
  readonly widgets: Widgets
}

/** The repositories of one tenant, which work in the transactions that `run` gives them. */
export function repositories(run: Run, embedding?: Embedding): Repositories {
  return {
    agents: agents(run),
    apiKeys: apiKeys(run),
    assistants: assistants(run),
    checkpoints: checkpoints(run),
    crons: crons(run),
    guardrails: guardrails(run),
    items: items(run, embedding),
    knowledge: knowledge(run, embedding),
    llm: llm(run),
    messages: messages(run),
    permissions: permissions(run),
    runEvents: runEvents(run),
    runs: runs(run),
    sessions: sessions(run),
    settings: settings(run),
    skills: skills(run),
    stateUpdates: stateUpdates(run),
    support: support(run),
    tasks: tasks(run),
    telemetry: telemetry(run),
    tenant: ownTenant(run),
    threads: threads(run),
    tools: tools(run),
    users: users(run),
    widgets: widgets(run),
  }
}

import { apiKeys, type ApiKeys } from './api-keys.ts'
import { assistants, type Assistants } from './assistants.ts'
import { checkpoints, type Checkpoints } from './checkpoints.ts'
import { items, type Items } from './items.ts'
import { runEvents, type RunEvents } from './run-events.ts'
import { knowledge, type Knowledge } from './knowledge.ts'
import { llm, type Llm } from './llm.ts'
import type { Run } from './run.ts'
import { runs, type Runs } from './runs.ts'
import { threads, type Threads } from './threads.ts'

/** What a tenant has, aggregate by aggregate. */
export interface Repositories {
  readonly apiKeys: ApiKeys
  readonly assistants: Assistants
  readonly checkpoints: Checkpoints
  readonly items: Items
  readonly runs: Runs
  readonly runEvents: RunEvents
  readonly knowledge: Knowledge
  readonly llm: Llm
  readonly threads: Threads
}

/** The repositories of one tenant, which work in the transactions that `run` gives them. */
export function repositories(run: Run): Repositories {
  return {
    apiKeys: apiKeys(run),
    assistants: assistants(run),
    checkpoints: checkpoints(run),
    items: items(run),
    runs: runs(run),
    runEvents: runEvents(run),
    knowledge: knowledge(run),
    llm: llm(run),
    threads: threads(run),
  }
}

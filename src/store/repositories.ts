import { apiKeys, type ApiKeys } from './api-keys.ts'
import { assistants, type Assistants } from './assistants.ts'
import { checkpoints, type Checkpoints } from './checkpoints.ts'
import { crons, type Crons } from './crons.ts'
import { items, type Items } from './items.ts'
import { runEvents, type RunEvents } from './run-events.ts'
import type { Run } from './run.ts'
import { runs, type Runs } from './runs.ts'
import { threads, type Threads } from './threads.ts'

/** What a tenant has, aggregate by aggregate. */
export interface Repositories {
  readonly apiKeys: ApiKeys
  readonly assistants: Assistants
  readonly checkpoints: Checkpoints
  readonly crons: Crons
  readonly items: Items
  readonly runs: Runs
  readonly runEvents: RunEvents
  readonly threads: Threads
}

/** The repositories of one tenant, which work in the transactions that `run` gives them. */
export function repositories(run: Run): Repositories {
  return {
    apiKeys: apiKeys(run),
    assistants: assistants(run),
    checkpoints: checkpoints(run),
    crons: crons(run),
    items: items(run),
    runs: runs(run),
    runEvents: runEvents(run),
    threads: threads(run),
  }
}

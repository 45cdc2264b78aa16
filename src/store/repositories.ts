import { assistants, type Assistants } from './assistants.ts'
import { runEvents, type RunEvents } from './run-events.ts'
import type { Run } from './run.ts'
import { runs, type Runs } from './runs.ts'

/** What a tenant has, aggregate by aggregate. */
export interface Repositories {
  readonly assistants: Assistants
  readonly runs: Runs
  readonly runEvents: RunEvents
}

/** The repositories of one tenant, which work in the transactions that `run` gives them. */
export function repositories(run: Run): Repositories {
  return { assistants: assistants(run), runs: runs(run), runEvents: runEvents(run) }
}

import { assistants, type Assistants } from './assistants.ts'
import { items, type Items } from './items.ts'
import { checkpoints, type Checkpoints } from './checkpoints.ts'
import type { Run } from './run.ts'
import { threads, type Threads } from './threads.ts'

/** What a tenant has, aggregate by aggregate. */
export interface Repositories {
  readonly assistants: Assistants
  readonly items: Items
  readonly checkpoints: Checkpoints
  readonly threads: Threads
}

/** The repositories of one tenant, which work in the transactions that `run` gives them. */
export function repositories(run: Run): Repositories {
  return { assistants: assistants(run), checkpoints: checkpoints(run), items: items(run), threads: threads(run) }
}

import { assistants, type Assistants } from './assistants.ts'
import { checkpoints, type Checkpoints } from './checkpoints.ts'
import { knowledge, type Knowledge } from './knowledge.ts'
import { llm, type Llm } from './llm.ts'
import type { Run } from './run.ts'
import { threads, type Threads } from './threads.ts'

/** What a tenant has, aggregate by aggregate. */
export interface Repositories {
  readonly assistants: Assistants
  readonly checkpoints: Checkpoints
  readonly knowledge: Knowledge
  readonly llm: Llm
  readonly threads: Threads
}

/** The repositories of one tenant, which work in the transactions that `run` gives them. */
export function repositories(run: Run): Repositories {
  return {
    assistants: assistants(run),
    checkpoints: checkpoints(run),
    knowledge: knowledge(run),
    llm: llm(run),
    threads: threads(run),
  }
}

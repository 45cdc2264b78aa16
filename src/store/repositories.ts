import { apiKeys, type ApiKeys } from './api-keys.ts'
import { assistants, type Assistants } from './assistants.ts'
import type { Run } from './run.ts'

/** What a tenant has, aggregate by aggregate. */
export interface Repositories {
  readonly apiKeys: ApiKeys
  readonly assistants: Assistants
}

/** The repositories of one tenant, which work in the transactions that `run` gives them. */
export function repositories(run: Run): Repositories {
  return { apiKeys: apiKeys(run), assistants: assistants(run) }
}

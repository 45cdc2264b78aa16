import { sql } from '../database/database.ts'
import { notFound } from './failures.ts'
import type { AssistantsRow } from './rows.ts'
import type { Run } from './run.ts'

/** A configured agent: a graph with its configuration, in versions. */
export type Assistant = AssistantsRow

/** The assistants of a tenant, with the shared ones that it may use. */
export interface Assistants {
  /** By its id. Throws `not_found`. */
  get(assistantId: string): Promise<Assistant>
}

/** The assistants that transactions of `run` see. */
export function assistants(run: Run): Assistants {
  return {
    get: (assistantId) =>
      run(async (tx) => {
        const found = await tx.first<Assistant>(sql`select * from assistants where assistant_id = ${assistantId}`)
        if (found === undefined) throw notFound('assistant', assistantId)
        return found
      }),
  }
}

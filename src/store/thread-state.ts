import { sql, type Sql } from '../database/database.ts'
import { exactJson, isUnstorable } from './exact-json.ts'
import { json, type JsonObject } from './values.ts'

/** What a thread's row tells of its newest state. */
export interface StateFacts {
  readonly values: unknown
  /** By the id of the task that waits for an answer; only tasks with at least one. */
  readonly interrupts: JsonObject
  /** Whether there are steps or questions left. */
  readonly waiting: boolean
}

/** The assignments that bring the row of a thread `t` up to a state. */
export function stateColumns(facts: StateFacts): Sql {
  const { values, interrupts, waiting } = facts
  const omitted = typeof values !== 'object' || values === null ? values != null : isUnstorable(JSON.stringify(values))
  const kept = omitted || values === null ? undefined : values
  // What jsonb cannot hold in a question is left to the state itself.
  const asked = isUnstorable(JSON.stringify(interrupts)) ? {} : interrupts
  return sql`
    "values" = ${exactJson(kept).json}, values_omitted = ${omitted}, interrupts = ${json(asked)}, waiting = ${waiting},
    state_updated_at = now()`
}

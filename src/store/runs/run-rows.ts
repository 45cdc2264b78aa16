import { join, sql, type Sql, id } from '../../database/database.ts'
import type { RunsRow } from '../rows.ts'
import type { JsonObject } from '../values.ts'

/** A run without its result, which may be large. */
export interface RunRow extends Pick<
  RunsRow,
  | 'tenant_id'
  | 'run_id'
  | 'thread_id'
  | 'assistant_id'
  | 'created_at'
  | 'updated_at'
  | 'started_at'
  | 'ended_at'
  | 'not_before'
  | 'attempt'
  | 'temporary'
  | 'status'
  | 'multitask_strategy'
  | 'claimed_by'
  | 'cancel_action'
  | 'webhook'
> {
  readonly metadata: JsonObject
  readonly kwargs: JsonObject
}

const names = [
  'tenant_id',
  'run_id',
  'thread_id',
  'assistant_id',
  'created_at',
  'updated_at',
  'started_at',
  'ended_at',
  'not_before',
  'attempt',
  'temporary',
  'status',
  'multitask_strategy',
  'claimed_by',
  'cancel_action',
  'webhook',
  'metadata',
  'kwargs',
] as const satisfies readonly (keyof RunRow)[]

/** The columns of a run, of the table or the alias that is given. */
export function runColumns(of: Sql, wanted: readonly string[] = names): Sql {
  return join(names.filter((name) => wanted.includes(name)).map((name) => sql`${of}.${id(name)}`))
}

/** What a run was given as `input` or `command`. */
export function given(kwargs: JsonObject, name: 'input' | 'command'): unknown {
  const text = kwargs[`${name}_json`]
  return typeof text === 'string' ? (JSON.parse(text) as unknown) : kwargs[name]
}

/** A run as clients of the protocol read it. */
export interface RunForm {
  readonly run_id: string
  readonly thread_id: string
  readonly assistant_id: string
  readonly created_at: string
  readonly updated_at: string
  readonly status: string
  readonly metadata: JsonObject
  readonly kwargs: JsonObject
  readonly multitask_strategy: string
}

/** The form of a run in the protocol. */
export function runForm(row: RunRow): RunForm {
  const { input_json: _input, command_json: _command, streamed: _streamed, trace: _trace, ...kwargs } = row.kwargs
  const input = given(row.kwargs, 'input')
  const command = given(row.kwargs, 'command')
  return {
    run_id: row.run_id,
    thread_id: row.thread_id,
    assistant_id: row.assistant_id,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    status: row.status,
    metadata: row.metadata,
    kwargs: {
      ...kwargs,
      ...(input === undefined ? {} : { input: input as JsonObject }),
      ...(command === undefined ? {} : { command: command as JsonObject }),
    },
    multitask_strategy: row.multitask_strategy,
  }
}

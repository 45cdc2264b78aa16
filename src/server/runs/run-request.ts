import { z } from '@hono/zod-openapi'
import { type IdempotencyKey, invalid, type JsonObject, type NewRun } from '../../store/store.ts'
import type { TraceCarrier } from '../../telemetry/telemetry.ts'
import { runConfig } from '../executors/run-config.ts'
import { jsonObject } from '../forms/wire.ts'
import { streamModes } from './stream-modes.ts'

const nodes = z.union([z.literal('*'), z.array(z.string()).max(1000), z.string()]).nullish()
const streamMode = z.enum(streamModes)
const aStreamMode = `Write one or more of ${streamModes.join(', ')}.`
const address = z.union([z.string().regex(/^\//), z.url({ protocol: /^https?$/ })], {
  error: 'Write a path, or a URL with http or https.',
})

/** What a client asks for when it creates a run. Fields that are not here are ignored. */
export const runRequestSchema = z
  .object({
    assistant_id: z.string().min(1),
    input: z.unknown().optional(),
    command: z
      .object({ update: z.unknown().optional(), resume: z.unknown().optional(), goto: z.unknown().optional() })
      .nullish(),
    config: runConfig.nullish(),
    context: z.unknown().optional(),
    metadata: jsonObject.nullish(),
    checkpoint: z
      .object({
        thread_id: z.string().nullish(),
        checkpoint_id: z.string().nullish(),
        checkpoint_ns: z.string().nullish(),
        checkpoint_map: jsonObject.nullish(),
      })
      .nullish(),
    checkpoint_id: z.string().nullish(),
    interrupt_before: nodes,
    interrupt_after: nodes,
    stream_mode: z.union([streamMode, z.array(streamMode).max(20)], { error: aStreamMode }).nullish(),
    stream_subgraphs: z.boolean().nullish(),
    stream_resumable: z.boolean().nullish(),
    on_disconnect: z.enum(['cancel', 'continue']).nullish(),
    on_completion: z.enum(['delete', 'keep', 'complete', 'continue']).nullish(),
    multitask_strategy: z.enum(['reject', 'enqueue', 'interrupt', 'rollback']).nullish(),
    if_not_exists: z.enum(['create', 'reject']).nullish(),
    if_thread_status: z.array(z.enum(['idle', 'busy', 'interrupted', 'error'])).nullish(),
    strict_resume: z.boolean().nullish(),
    after_seconds: z.number().min(0).max(31_536_000).nullish(),
    webhook: address.nullish(),
    durability: z.enum(['sync', 'async', 'exit']).nullish(),
    checkpoint_during: z.boolean().nullish(),
  })
  .openapi('RunCreate')

/** A run as it is asked for. */
export type RunRequest = z.infer<typeof runRequestSchema>

/** From where a run is asked for. */
export interface RunOrigin {
  /** Undefined: in a thread of its own. */
  readonly threadId: string | undefined
  readonly headers: Headers
  readonly userId: string | undefined
  /** Under which it is made once. */
  readonly key?: IdempotencyKey | undefined
  /** Whether the response tells of the run as it goes. */
  readonly streamed: boolean
  /** The span that it is made in. */
  readonly trace?: TraceCarrier | undefined
}

/** A run as the store makes it. Throws `request_invalid`. */
export function newRun(request: RunRequest, origin: RunOrigin): NewRun {
  const { input, command } = request
  if (command != null && input != null && !isEmpty(input)) {
    throw invalid('command', 'A run has an input or a command, not both.')
  }
  return {
    assistantId: request.assistant_id,
    threadId: origin.threadId,
    temporary: origin.threadId === undefined && request.on_completion !== 'keep',
    ifThreadMissing: request.if_not_exists ?? 'reject',
    multitaskStrategy: request.multitask_strategy ?? 'enqueue',
    ifThreadStatus: request.if_thread_status ?? undefined,
    strictResume: request.strict_resume ?? true,
    afterSeconds: request.after_seconds ?? 0,
    webhook: request.webhook ?? undefined,
    input: command == null ? input : undefined,
    command: command ?? undefined,
    config: withHeaders((request.config ?? {}) as JsonObject, origin.headers),
    context: contextOf(request.context),
    metadata: (request.metadata ?? {}) as JsonObject,
    options: optionsOf(request, origin),
    userId: origin.userId,
    claim: undefined,
    key: origin.key,
  }
}

function optionsOf(request: RunRequest, { streamed, trace }: RunOrigin): JsonObject {
  const modes = [request.stream_mode ?? []].flat()
  const checkpoint = checkpointOf(request)
  const during = request.checkpoint_during === false ? 'exit' : 'async'
  return {
    stream_mode: modes.length > 0 ? [...new Set(modes)] : ['values'],
    stream_subgraphs: request.stream_subgraphs ?? false,
    stream_resumable: request.stream_resumable ?? false,
    durability: request.durability ?? during,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...nodesOf('interrupt_before', request.interrupt_before),
    ...nodesOf('interrupt_after', request.interrupt_after),
    ...(streamed ? { streamed } : {}),
    ...(trace === undefined ? {} : { trace }),
  }
}

// Programs also write where a run begins as LangGraph's own config does.
function checkpointOf({ checkpoint, checkpoint_id, config }: RunRequest): JsonObject | undefined {
  const { configurable } = config ?? {}
  const inConfig = typeof configurable?.['checkpoint_id'] === 'string' ? configurable : undefined
  const place = checkpoint?.checkpoint_id == null && checkpoint_id == null ? inConfig : checkpoint
  const id = place?.['checkpoint_id'] ?? checkpoint_id
  if (id == null) return undefined
  const { checkpoint_ns: namespace, checkpoint_map: map } = (place ?? {}) as JsonObject
  return {
    checkpoint_id: id as string,
    checkpoint_ns: typeof namespace === 'string' ? namespace : '',
    ...(typeof map !== 'object' || map === null ? {} : { checkpoint_map: map }),
  }
}

function nodesOf(name: string, value: RunRequest['interrupt_before']): JsonObject {
  if (value == null) return {}
  return { [name]: typeof value === 'string' && value !== '*' ? [value] : value }
}

function contextOf(context: unknown): JsonObject {
  if (context == null) return {}
  if (typeof context === 'object' && !Array.isArray(context)) return context as JsonObject
  throw invalid('context', 'The context is an object.')
}

const notCopied = ['x-api-key', 'x-tenant-id', 'x-service-key']

// What a graph may want to know of who asks; never what lets somebody in.
function withHeaders(config: JsonObject, headers: Headers): JsonObject {
  const copied = [...headers].filter(
    ([name]) => name === 'user-agent' || (name.startsWith('x-') && !notCopied.includes(name)),
  )
  return { ...config, configurable: { ...Object.fromEntries(copied), ...(config['configurable'] as JsonObject) } }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

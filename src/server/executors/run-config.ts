import type { RunnableConfig } from '@langchain/core/runnables'
import { z } from '@hono/zod-openapi'
import { jsonObject } from '../forms/wire.ts'

const count = z.int().min(1).nullish()

/** What LangGraph keeps for itself in `configurable`: between the parts of a graph, and of where a run begins. */
const ownNames = /^(?:__pregel_|checkpoint_(?:id|ns|map)$)/

/** The settings of a run that the server understands; what else stands beside them is kept, and means nothing. */
export const runConfig = z.looseObject({
  tags: z.array(z.string()).nullish(),
  recursion_limit: count,
  max_concurrency: count,
  run_name: z.string().nullish(),
  timeout: z.number().positive().nullish(),
  metadata: jsonObject.nullish(),
  configurable: jsonObject.nullish(),
})

/**
 * These settings for LangGraph. Clients write them, and an assistant may have had them for long: what is none of them, or has
 * another type, does not get into the graph. A `max_concurrency` of 0, for one, would hold the run and its place for ever.
 */
export function runnableConfig(config: Readonly<Record<string, unknown>>): RunnableConfig {
  const { recursionLimit, maxConcurrency, runName, ...rest } = config
  // LangChain's own spelling is understood as well.
  const spelled = { recursion_limit: recursionLimit, max_concurrency: maxConcurrency, run_name: runName, ...rest }
  const given = Object.entries(runConfig.shape).flatMap(([key, schema]) => {
    const parsed = schema.safeParse(spelled[key as keyof typeof spelled])
    return parsed.success && parsed.data != null ? [[key, parsed.data] as const] : []
  })
  const { recursion_limit, max_concurrency, run_name, configurable, ...same } = Object.fromEntries(given) as z.infer<
    typeof runConfig
  >
  const own = Object.entries(configurable ?? {}).filter(([name]) => !ownNames.test(name))
  return {
    ...(same as RunnableConfig),
    ...(recursion_limit != null && { recursionLimit: recursion_limit }),
    ...(max_concurrency != null && { maxConcurrency: max_concurrency }),
    ...(run_name != null && { runName: run_name }),
    configurable: Object.fromEntries(own),
  }
}

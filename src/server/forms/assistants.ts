import { z } from '@hono/zod-openapi'
import type { Assistant, AssistantVersion } from '../../store/store.ts'
import { jsonObject, moment } from './wire.ts'

const fields = {
  assistant_id: z.guid(),
  graph_id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  config: jsonObject,
  context: jsonObject,
  metadata: jsonObject,
  version: z.int(),
  created_at: moment,
}

/** A version of an assistant, as clients read it. */
export const versionSchema = z.object(fields).openapi('AssistantVersion')

/** An assistant, as clients read it. */
export const assistantSchema = z.object({ ...fields, updated_at: moment }).openapi('Assistant')

/** What clients read of a version of an assistant. */
export function versionForm(row: AssistantVersion): z.infer<typeof versionSchema> {
  const { assistant_id, graph_id, name, description, version } = row
  return {
    assistant_id,
    graph_id,
    name,
    description,
    config: row.config as Record<string, unknown>,
    context: row.context as Record<string, unknown>,
    metadata: row.metadata as Record<string, unknown>,
    version,
    created_at: row.created_at.toISOString(),
  }
}

/** What clients read of an assistant. */
export function assistantForm(row: Assistant): z.infer<typeof assistantSchema> {
  return { ...versionForm(row), updated_at: row.updated_at.toISOString() }
}

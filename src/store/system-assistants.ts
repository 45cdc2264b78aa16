import { hash } from 'node:crypto'
import { sql } from '../database/database.ts'
import type { Run } from './runs/run.ts'
import { json } from './values.ts'

/** The namespace in which names of graphs become ids, as servers of the Agent Protocol have it (RFC 9562, 5.5 and 6.6). */
const graphNamespace = Buffer.from('6ba7b8219dad11d180b400c04fd430c8', 'hex')

/** The id of the assistant that stands for a graph as it is: the same on every instance. */
export function systemAssistantId(graphId: string): string {
  const bytes = hash('sha1', Buffer.concat([graphNamespace, Buffer.from(graphId)]), 'buffer').subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Makes the assistants that stand for graphs, where they are not there yet. All tenants see them; `run` works across tenants. */
export function ensureSystemAssistants(run: Run, graphIds: readonly string[]): Promise<void> {
  return run(async (tx) => {
    for (const graphId of graphIds) {
      await tx.execute(sql`
        insert into assistants (tenant_id, assistant_id, graph_id, name, is_system, metadata)
        values (
          shared_tenant(), ${systemAssistantId(graphId)}, ${graphId}, ${graphId}, true, ${json({ created_by: 'system' })})
        on conflict (tenant_id, assistant_id) do nothing`)
    }
  })
}

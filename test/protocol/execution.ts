import { randomUUID } from 'node:crypto'
import { sql } from '../../src/database/database.ts'
import type { Execution, ExecutionEvent, Executor } from '../../src/server/executors/executor.ts'
import type { TenantStore } from '../../src/store/store.ts'

/** Executes a run without a queue, and gives what it tells. */
export async function execute(
  executor: Executor,
  what: Partial<Execution> & Pick<Execution, 'store' | 'threadId' | 'graphId'>,
): Promise<ExecutionEvent[]> {
  const told: ExecutionEvent[] = []
  for await (const event of executor.run(executionOf(what))) told.push(event)
  return told
}

function executionOf(what: Partial<Execution> & Pick<Execution, 'store' | 'threadId' | 'graphId'>): Execution {
  return {
    runId: randomUUID(),
    assistantId: randomUUID(),
    attempt: 1,
    input: null,
    command: undefined,
    config: {},
    context: {},
    metadata: {},
    checkpoint: undefined,
    interruptBefore: undefined,
    interruptAfter: undefined,
    streamModes: ['values'],
    streamSubgraphs: false,
    durability: 'async',
    signal: new AbortController().signal,
    checkpoints: what.store.checkpoints,
    ...what,
  }
}

/** A thread of a tenant; its graph is in the metadata, as the SDK puts it there. */
export async function newThread(store: TenantStore, graphId: string): Promise<string> {
  const threadId = randomUUID()
  await store.transaction((_, tx) =>
    tx.execute(sql`
      insert into threads (tenant_id, thread_id, metadata)
      values (${tx.tenantId}, ${threadId}, ${JSON.stringify({ graph_id: graphId })}::jsonb)`),
  )
  return threadId
}

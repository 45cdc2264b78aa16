import { id, type Session, sql } from '../../database/database.ts'
import type { ChannelBlob, CheckpointWrite } from './checkpoint.ts'
import type { JsonObject } from '../values.ts'

/** A checkpoint in the tables of LangGraph's own PostgresSaver. */
export interface ForeignCheckpoint {
  readonly checkpoint_ns: string
  readonly checkpoint_id: string
  readonly parent_checkpoint_id: string | null
  readonly checkpoint: JsonObject
  readonly metadata: JsonObject
}

/** All that such tables have of a thread. */
export interface ForeignThread {
  readonly threadId: string
  readonly checkpoints: readonly ForeignCheckpoint[]
  readonly blobs: readonly (ChannelBlob & { readonly checkpoint_ns: string })[]
  readonly writes: readonly (CheckpointWrite & { readonly checkpoint_ns: string; readonly checkpoint_id: string })[]
}

/** Reads the tables of LangGraph's own PostgresSaver in a schema, thread by thread. */
export async function* readForeignThreads(session: Session, schema: string): AsyncGenerator<ForeignThread> {
  let last = ''
  for (;;) {
    const [next] = await session.query<{ thread_id: string | null }>(
      sql`select min(thread_id) as thread_id from ${id(schema, 'checkpoints')} where thread_id > ${last}`,
    )
    const threadId = next?.thread_id ?? undefined
    if (threadId === undefined) return
    last = threadId
    yield {
      threadId,
      checkpoints: await session.query<ForeignCheckpoint>(sql`
        select checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata
        from ${id(schema, 'checkpoints')} where thread_id = ${threadId} order by checkpoint_id`),
      blobs: await session.query(sql`
        select checkpoint_ns, channel, version, type, blob
        from ${id(schema, 'checkpoint_blobs')} where thread_id = ${threadId}`),
      writes: await session.query(sql`
        select checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob
        from ${id(schema, 'checkpoint_writes')} where thread_id = ${threadId} order by task_id, idx`),
    }
  }
}

import { id, join, sql, type Sql } from '../database/database.ts'
import type { ChannelBlob, CheckpointWrite, NewCheckpoint, WritesOf } from './checkpoint.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { json } from './values.ts'

/** A write, and where it belongs. */
export interface PlacedWrite extends CheckpointWrite {
  readonly at: WritesOf
}

/** Checkpoints and writes that are to be stored together, each in the order in which they were made. */
export interface NewCheckpoints {
  readonly checkpoints: readonly NewCheckpoint[]
  readonly writes: readonly PlacedWrite[]
}

/** How many rows one statement takes: a row has at most ten parameters, and a statement 65,535 (PostgreSQL manual, 54.7). */
const most = 5000

/**
 * Stores checkpoints and writes, in one statement unless there are very many. Writes of a negative index replace earlier ones;
 * others are kept as they were first.
 */
export async function saveCheckpoints(tx: StoreTransaction, { checkpoints, writes }: NewCheckpoints): Promise<void> {
  const blobs = checkpoints.flatMap(({ thread_id, checkpoint_ns, channels }) =>
    channels.map((blob) => ({ thread_id, checkpoint_ns, ...blob })),
  )
  // A statement may not update a row twice; of a task that writes one of them again, the last counts.
  const heads = lastOfEach(checkpoints, (each) => [each.thread_id, each.checkpoint_ns, each.checkpoint_id])
  const special = lastOfEach(
    writes.filter(({ idx }) => idx < 0),
    ({ at, task_id, idx }) => [at.threadId, at.namespace, at.checkpointId, task_id, idx],
  )
  const statements = [
    ...chunks(blobs).map((rows) => insertBlobs(tx, rows)),
    ...chunks(heads).map((rows) => insertHeads(tx, rows)),
    ...chunks(writes.filter(({ idx }) => idx >= 0)).map((rows) => insertWrites(tx, rows, sql`do nothing`)),
    ...chunks(special).map((rows) => insertWrites(tx, rows, replacing)),
  ]
  if (blobs.length + heads.length + writes.length <= most) return executeTogether(tx, statements)
  for (const statement of statements) await tx.execute(statement)
}

async function executeTogether(tx: StoreTransaction, statements: readonly Sql[]): Promise<void> {
  const final = statements.at(-1)
  if (final === undefined) return
  const others = statements.slice(0, -1).map((each, index) => sql`${id(`part_${index}`)} as (${each})`)
  await tx.execute(others.length === 0 ? final : sql`with ${join(others)} ${final}`)
}

function insertBlobs(
  tx: StoreTransaction,
  blobs: readonly (ChannelBlob & Pick<NewCheckpoint, 'thread_id' | 'checkpoint_ns'>)[],
): Sql {
  const rows = blobs.map(
    ({ thread_id, checkpoint_ns, channel, version, type, blob }) =>
      sql`(${tx.tenantId}::uuid, ${thread_id}::uuid, ${checkpoint_ns}, ${channel}, ${version}, ${type}, ${blob}::bytea)`,
  )
  return sql`
    insert into checkpoint_blobs (tenant_id, thread_id, checkpoint_ns, channel, version, type, blob)
    values ${join(rows)}
    on conflict (tenant_id, thread_id, checkpoint_ns, channel, version) do nothing`
}

function insertHeads(tx: StoreTransaction, checkpoints: readonly NewCheckpoint[]): Sql {
  const rows = checkpoints.map(
    (each) => sql`
      (${tx.tenantId}::uuid, ${each.thread_id}::uuid, ${each.run_id ?? null}::uuid, ${each.checkpoint_ns}, ${each.checkpoint_id},
        ${each.parent_checkpoint_id}, ${json(each.checkpoint)}, ${json(each.metadata)})`,
  )
  return sql`
    insert into checkpoints (tenant_id, thread_id, run_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
    values ${join(rows)}
    on conflict (tenant_id, thread_id, checkpoint_ns, checkpoint_id) do update
    set checkpoint = excluded.checkpoint, metadata = excluded.metadata`
}

const replacing = sql`
  do update set run_id = excluded.run_id, channel = excluded.channel, type = excluded.type, blob = excluded.blob`

function insertWrites(tx: StoreTransaction, writes: readonly PlacedWrite[], action: Sql): Sql {
  const rows = writes.map(
    ({ at, task_id, idx, channel, type, blob }) => sql`
      (${tx.tenantId}::uuid, ${at.threadId}::uuid, ${at.runId ?? null}::uuid, ${at.namespace}, ${at.checkpointId}, ${task_id},
        ${idx}::integer, ${channel}, ${type}, ${blob}::bytea)`,
  )
  return sql`
    insert into checkpoint_writes
      (tenant_id, thread_id, run_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob)
    values ${join(rows)}
    on conflict (tenant_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx) ${action}`
}

function lastOfEach<T>(all: readonly T[], keyOf: (one: T) => readonly (string | number)[]): T[] {
  return [...new Map(all.map((one) => [JSON.stringify(keyOf(one)), one])).values()]
}

function chunks<T>(rows: readonly T[]): T[][] {
  const count = Math.ceil(rows.length / most)
  return Array.from({ length: count }, (_, index) => rows.slice(index * most, (index + 1) * most))
}

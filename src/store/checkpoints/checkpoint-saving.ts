import { id, join, sql, type Sql } from '../../database/database.ts'
import type { ChannelBlob, CheckpointWrite, NewCheckpoint, WritesOf } from './checkpoint.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { json } from '../values.ts'

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

/** Whether one statement takes them. */
export function fitOneStatement({ checkpoints, writes }: NewCheckpoints): boolean {
  const blobs = checkpoints.reduce((sum, { channels }) => sum + channels.length, 0)
  return blobs + checkpoints.length + writes.length <= most
}

/** Stores checkpoints and writes, in one statement unless there are very many. */
export async function saveCheckpoints(tx: StoreTransaction, made: NewCheckpoints): Promise<void> {
  const statements = checkpointInsertions(made, sql`(select ${tx.tenantId}::uuid as tenant_id)`)
  if (fitOneStatement(made)) return executeTogether(tx, statements)
  for (const statement of statements) await tx.execute(statement)
}

/**
 * What stores checkpoints and writes, each as a statement or a part of one. They are stored if `source`, a table expression, has
 * a row, with its `tenant_id`. Writes of a negative index replace earlier ones; others are kept as they were first.
 */
export function checkpointInsertions({ checkpoints, writes }: NewCheckpoints, source: Sql): readonly Sql[] {
  const blobs = checkpoints.flatMap(({ thread_id, checkpoint_ns, channels }) =>
    channels.map((blob) => ({ thread_id, checkpoint_ns, ...blob })),
  )
  // A statement may not update a row twice; of a task that writes one of them again, the last counts.
  const heads = lastOfEach(checkpoints, (each) => [each.thread_id, each.checkpoint_ns, each.checkpoint_id])
  const special = lastOfEach(
    writes.filter(({ idx }) => idx < 0),
    ({ at, task_id, idx }) => [at.threadId, at.namespace, at.checkpointId, task_id, idx],
  )
  return [
    ...chunks(blobs).map((rows) => insertBlobs(source, rows)),
    ...chunks(heads).map((rows) => insertHeads(source, rows)),
    ...chunks(writes.filter(({ idx }) => idx >= 0)).map((rows) => insertWrites(source, rows, sql`do nothing`)),
    ...chunks(special).map((rows) => insertWrites(source, rows, replacing)),
  ]
}

async function executeTogether(tx: StoreTransaction, statements: readonly Sql[]): Promise<void> {
  const final = statements.at(-1)
  if (final === undefined) return
  const others = partsOf(statements.slice(0, -1))
  await tx.execute(others.length === 0 ? final : sql`with ${join(others)} ${final}`)
}

/** Statements as the parts of a WITH. */
export function partsOf(statements: readonly Sql[]): readonly Sql[] {
  return statements.map((each, index) => sql`${id(`part_${index}`)} as (${each})`)
}

function insertBlobs(
  source: Sql,
  blobs: readonly (ChannelBlob & Pick<NewCheckpoint, 'thread_id' | 'checkpoint_ns'>)[],
): Sql {
  const rows = blobs.map(
    ({ thread_id, checkpoint_ns, channel, version, type, blob }) =>
      sql`(${thread_id}::uuid, ${checkpoint_ns}, ${channel}, ${version}, ${type}, ${blob}::bytea)`,
  )
  return sql`
    insert into checkpoint_blobs (tenant_id, thread_id, checkpoint_ns, channel, version, type, blob)
    ${rowsFor(source, rows)}
    on conflict (tenant_id, thread_id, checkpoint_ns, channel, version) do nothing`
}

function insertHeads(source: Sql, checkpoints: readonly NewCheckpoint[]): Sql {
  const rows = checkpoints.map(
    (each) => sql`
      (${each.thread_id}::uuid, ${each.run_id ?? null}::uuid, ${each.checkpoint_ns}, ${each.checkpoint_id},
        ${each.parent_checkpoint_id}, ${json(each.checkpoint)}, ${json(each.metadata)})`,
  )
  return sql`
    insert into checkpoints (tenant_id, thread_id, run_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
    ${rowsFor(source, rows)}
    on conflict (tenant_id, thread_id, checkpoint_ns, checkpoint_id) do update
    set checkpoint = excluded.checkpoint, metadata = excluded.metadata`
}

const replacing = sql`
  do update set run_id = excluded.run_id, channel = excluded.channel, type = excluded.type, blob = excluded.blob`

function insertWrites(source: Sql, writes: readonly PlacedWrite[], action: Sql): Sql {
  const rows = writes.map(
    ({ at, task_id, idx, channel, type, blob }) => sql`
      (${at.threadId}::uuid, ${at.runId ?? null}::uuid, ${at.namespace}, ${at.checkpointId}, ${task_id},
        ${idx}::integer, ${channel}, ${type}, ${blob}::bytea)`,
  )
  return sql`
    insert into checkpoint_writes
      (tenant_id, thread_id, run_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob)
    ${rowsFor(source, rows)}
    on conflict (tenant_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx) ${action}`
}

function rowsFor(source: Sql, rows: readonly Sql[]): Sql {
  return sql`select s.tenant_id, v.* from ${source} s cross join (values ${join(rows)}) v`
}

function lastOfEach<T>(all: readonly T[], keyOf: (one: T) => readonly (string | number)[]): T[] {
  return [...new Map(all.map((one) => [JSON.stringify(keyOf(one)), one])).values()]
}

function chunks<T>(rows: readonly T[]): T[][] {
  const count = Math.ceil(rows.length / most)
  return Array.from({ length: count }, (_, index) => rows.slice(index * most, (index + 1) * most))
}

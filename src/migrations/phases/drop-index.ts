import { id, sql, type Session } from '../../database/database.ts'
import type { DropIndexBody } from '../batch/phase-step.ts'
import { inPhaseTransaction } from './phase-transaction.ts'
import type { BodyRun } from './body-run.ts'
import type { BatchWork } from './phase-work.ts'
import { partitionIndexName } from './partition-index-name.ts'

/** Drops an index without blocking writers; one that is gone already is no error. */
export async function dropIndex(body: DropIndexBody, { work, last }: BodyRun): Promise<void> {
  const { run, batch } = work
  const { schema, name } = body
  await dropUnattached(body, work)
  if (run.database.features.concurrentIndexes && !(await isPartitioned(run.session, schema, name))) {
    await dropConcurrently(run.session, schema, name)
    return inPhaseTransaction(run, batch.base, { locks: [], last })
  }
  // That of a partitioned table cannot be dropped without blocking (PostgreSQL manual, DROP INDEX).
  const statements = [sql`drop index if exists ${id(schema, name)}`]
  return inPhaseTransaction(run, batch.base, { locks: [], statements, last })
}

// What was built for a partition has its name for the time being until it is part of the index above it.
async function dropUnattached({ schema, name, partitionsOf }: DropIndexBody, { run, batch }: BatchWork): Promise<void> {
  if (partitionsOf === undefined) return
  const partitions = await run.session.query<{ schema: string; table: string; leaf: boolean }>(sql`
    select namespace.nspname as schema, class.relname as table, tree.isleaf as leaf
    from pg_catalog.pg_partition_tree(${id(schema, partitionsOf).inline('postgres')}::regclass) as tree
    join pg_catalog.pg_class class on class.oid = tree.relid
    join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
    where tree.level > 0`)
  for (const partition of partitions) {
    const own = partitionIndexName(name, partition)
    if (partition.leaf && run.database.features.concurrentIndexes) {
      await dropConcurrently(run.session, partition.schema, own)
    } else {
      const statements = [sql`drop index if exists ${id(partition.schema, own)}`]
      await inPhaseTransaction(run, batch.base, { locks: [], statements, last: () => [] })
    }
  }
}

/** Drops an index of an ordinary table, outside a transaction. */
export async function dropConcurrently(session: Session, schema: string, name: string): Promise<void> {
  // It waits for every transaction that uses the table, and harms nobody meanwhile.
  await session.script('set lock_timeout = 0')
  await session.script('set statement_timeout = 0')
  await session.script(sql`drop index concurrently if exists ${id(schema, name)}`.inline('postgres'))
}

async function isPartitioned(session: Session, schema: string, name: string): Promise<boolean> {
  const rows = await session.query(sql`
    select 1 from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${name} and c.relkind = 'I'`)
  return rows.length > 0
}

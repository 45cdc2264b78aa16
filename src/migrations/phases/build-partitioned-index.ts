import { id, sql, type Queryable } from '../../database/database.ts'
import type { Run } from '../run.ts'
import { buildConcurrently, type IndexToBuild } from './build-concurrently.ts'
import { partitionIndexName } from './partition-index-name.ts'
import { inPhaseTransaction } from './phase-transaction.ts'

/** A partition, at any depth, whose index is not yet part of the one above it. */
interface Partition {
  readonly schema: string
  readonly table: string
  /** The index that its own has to become a part of. */
  readonly parentSchema: string
  readonly parentIndex: string
  /** It has partitions itself. */
  readonly partitioned: boolean
}

/**
 * Builds the index of a partitioned table: an empty one above, then one for each partition without blocking its writers, and
 * attached. The one above becomes valid with the last (PostgreSQL manual, CREATE INDEX, "Building Indexes Concurrently").
 */
export async function buildPartitionedIndex(run: Run, base: string, index: IndexToBuild, shown: string): Promise<void> {
  if (!(await indexExists(run.session, index.schema, index.name))) await createAbove(run, base, index)
  for (;;) {
    const partition = await nextPartition(run.session, index)
    if (partition === undefined) return
    const { schema, table } = partition
    const own = { ...index, schema, table, name: partitionIndexName(index.name, partition) }
    if (partition.partitioned) {
      if (!(await indexExists(run.session, schema, own.name))) await createAbove(run, base, own)
    } else await buildConcurrently(run, base, own)
    await attach(run, base, own, partition, await freeName(run.session, schema, `${table}_${readable(shown)}`))
  }
}

// Partitions that are made from now on get theirs by themselves.
function createAbove(run: Run, base: string, { schema, table, name, unique, definition }: IndexToBuild): Promise<void> {
  const create = unique ? sql`create unique index` : sql`create index`
  const statements = [sql`${create} ${id(name)} on only ${id(schema, table)} ${definition}`]
  return inPhaseTransaction(run, base, {
    locks: [{ schema, name: table, mode: 'share row exclusive' }],
    statements,
    last: () => [],
  })
}

function attach(
  run: Run,
  base: string,
  { schema, name }: IndexToBuild,
  { parentSchema, parentIndex }: Partition,
  finalName: string,
): Promise<void> {
  const statements = [
    sql`alter index ${id(parentSchema, parentIndex)} attach partition ${id(schema, name)}`,
    sql`alter index ${id(schema, name)} rename to ${id(finalName)}`,
  ]
  return inPhaseTransaction(run, base, { locks: [], brief: true, statements, last: () => [] })
}

// Above before below, so that there is something to attach to.
async function nextPartition(db: Queryable, { schema, name }: IndexToBuild): Promise<Partition | undefined> {
  const [next] = await db.query<Partition>(sql`
    with recursive built (index, table_id, depth) as (
      select index.indexrelid, index.indrelid, 0
      from pg_catalog.pg_index index
      join pg_catalog.pg_class class on class.oid = index.indexrelid
      join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
      where namespace.nspname = ${schema} and class.relname = ${name}
      union all
      select index.indexrelid, index.indrelid, built.depth + 1
      from built
      join pg_catalog.pg_inherits part on part.inhparent = built.index
      join pg_catalog.pg_index index on index.indexrelid = part.inhrelid
    )
    select
      namespace.nspname as schema, class.relname as table, class.relkind = 'p' as partitioned,
      above_namespace.nspname as "parentSchema", above.relname as "parentIndex"
    from built
    join pg_catalog.pg_class above on above.oid = built.index
    join pg_catalog.pg_namespace above_namespace on above_namespace.oid = above.relnamespace
    join pg_catalog.pg_inherits partition on partition.inhparent = built.table_id
    join pg_catalog.pg_class class on class.oid = partition.inhrelid
    join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
    where partition.inhrelid not in (select table_id from built) and class.relkind <> 'f'
    order by built.depth, namespace.nspname, class.relname
    limit 1`)
  return next
}

async function indexExists(db: Queryable, schema: string, name: string): Promise<boolean> {
  const rows = await db.query(sql`
    select 1 from pg_catalog.pg_class class
    join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
    where namespace.nspname = ${schema} and class.relname = ${name}`)
  return rows.length > 0
}

function readable(name: string): string {
  return name.replace(/^__metastore_[0-9a-f]{8}_/, '')
}

async function freeName(db: Queryable, schema: string, wanted: string): Promise<string> {
  for (let number = 0; ; number++) {
    const suffix = number === 0 ? '' : `_${number}`
    const name = `${cut(wanted, 63 - suffix.length)}${suffix}`
    if (!(await indexExists(db, schema, name))) return name
  }
}

// PostgreSQL cuts names at 63 bytes, silently (manual, 4.1.1).
function cut(name: string, bytes: number): string {
  let short = name
  while (Buffer.byteLength(short) > bytes) short = [...short].slice(0, -1).join('')
  return short
}

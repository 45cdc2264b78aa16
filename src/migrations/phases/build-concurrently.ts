import { setTimeout as delay } from 'node:timers/promises'
import { failedBecause, id, sql, type Queryable, type Sql } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { Run } from '../run.ts'
import { dropConcurrently } from './drop-index.ts'
import { inPhaseTransaction } from './phase-transaction.ts'

const attempts = 5

/** An index that a build makes. */
export interface IndexToBuild {
  readonly schema: string
  readonly table: string
  /** Ours alone, so that an invalid one of this name is a leftover of ours. */
  readonly name: string
  readonly unique: boolean
  readonly definition: Sql
}

/**
 * Builds an index of one table until it is valid. A build that an earlier run began may go on in the server after its client
 * died, so its end is awaited; what a failed one left is dropped. Throws DatabaseError, `index_invalid`.
 */
export async function buildConcurrently(run: Run, base: string, index: IndexToBuild): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await awaitBuild(run, index)
    if (found?.valid === true) return
    if (attempt > attempts) throw indexInvalid(index)
    if (found !== undefined) {
      run.progress({ kind: 'notice', message: `Dropping the invalid index ${index.name} that a failed build left.` })
      await drop(run, base, index)
    }
    try {
      await build(run, base, index)
    } catch (error) {
      if (!failedBecause(error, 'deadlock', 'lock_timeout', 'serialization')) {
        await dropLeftover(run, base, index)
        throw error
      }
    }
  }
}

async function build(run: Run, base: string, { schema, table, name, unique, definition }: IndexToBuild): Promise<void> {
  const create = unique ? sql`create unique index` : sql`create index`
  if (!run.database.features.concurrentIndexes) {
    const statements = [sql`${create} ${id(name)} on ${id(schema, table)} ${definition}`]
    return inPhaseTransaction(run, base, { locks: [], statements, last: () => [] })
  }
  // It waits for every older snapshot in the database, and that wait counts against lock_timeout.
  const statements = [
    sql`set lock_timeout = 0`,
    sql`set statement_timeout = 0`,
    sql`set search_path = ${id(base)}`,
    sql`${create} concurrently ${id(name)} on ${id(schema, table)} ${definition}`,
  ]
  for (const statement of statements) await run.session.script(statement.inline('postgres'))
}

async function drop(run: Run, base: string, { schema, name }: IndexToBuild): Promise<void> {
  if (run.database.features.concurrentIndexes) return dropConcurrently(run.session, schema, name)
  const statements = [sql`drop index if exists ${id(schema, name)}`]
  return inPhaseTransaction(run, base, { locks: [], statements, last: () => [] })
}

// Left alone it would slow every write. After a lost connection or an interruption it is the next run that finds it.
async function dropLeftover(run: Run, base: string, index: IndexToBuild): Promise<void> {
  if (run.signal.aborted) return
  await drop(run, base, index).catch(() => undefined)
}

interface Found {
  readonly valid: boolean
  readonly builder: number | null
}

async function awaitBuild(run: Run, index: IndexToBuild): Promise<Found | undefined> {
  for (let polls = 0; ; polls++) {
    const found = await findBuild(run.session, index)
    if (found === undefined || found.builder === null) return found
    if (polls === 0) {
      const message = `Server process ${found.builder} is still building index ${index.name}; waiting for it.`
      run.progress({ kind: 'notice', message })
    }
    // The signal only ends the pause: the next query refuses to run when it is aborted, with the error that says so.
    await delay(100, undefined, { signal: run.signal }).catch(() => undefined)
  }
}

async function findBuild(db: Queryable, { schema, name }: IndexToBuild): Promise<Found | undefined> {
  const [found] = await db.query<Found>(sql`
    select
      index.indisvalid as valid,
      (
        select activity.pid from pg_catalog.pg_stat_progress_create_index activity
        where activity.index_relid = index.indexrelid and activity.datname = current_database()
          and activity.pid <> pg_backend_pid()
        limit 1
      ) as builder
    from pg_catalog.pg_index index
    join pg_catalog.pg_class class on class.oid = index.indexrelid
    join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
    where namespace.nspname = ${schema} and class.relname = ${name}`)
  return found
}

function indexInvalid({ table, name }: IndexToBuild): MetastoreError {
  return new MetastoreError({
    code: 'index_invalid',
    message: `The index ${name} on ${table} came out invalid ${attempts} times.`,
    where: `table ${table}`,
    remedy: 'Look in the log of the database server for what ends the build, then run again.',
  })
}

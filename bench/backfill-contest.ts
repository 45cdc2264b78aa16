import { readFileSync } from 'node:fs'
import { sql, type Database, type Session } from '../src/database/database.ts'
import { bookkeepingOf } from '../src/migrations/bookkeeping.ts'
import { runBackfill } from '../src/migrations/backfill/run-backfill.ts'
import type { UpdatePlan } from '../src/migrations/backfill/plan.ts'
import { silent } from '../src/progress.ts'

/** What somebody took to bring all rows up to date. */
export interface Finish {
  readonly rows: number
  readonly batches: number
  readonly seconds: number
  /** Seconds of processor time, of this process and of the server's for its session; null where there is no /proc. */
  readonly cpu: number | null
}

const batchSize = 1000

/** Makes a table of messages as an assistant has them, with a new column that waits to be filled. */
export async function makeMessages(database: Database, rows: number): Promise<void> {
  await using session = await database.session()
  await session.script(`
    drop schema if exists metastore cascade;
    drop table if exists messages;
    create schema metastore;
    create table metastore.progress (step text primary key, progress jsonb not null);
    create table messages (
      id bigint generated always as identity primary key,
      thread_id uuid not null,
      role text not null,
      content text not null,
      metadata jsonb not null default '{}',
      created_at timestamptz not null default now(),
      tokens int,
      __pending boolean default true
    ) with (autovacuum_enabled = off);
    insert into messages (thread_id, role, content, metadata, created_at)
    select
      md5((i / 20)::text)::uuid,
      case i % 2 when 0 then 'user' else 'assistant' end,
      repeat(md5(i::text) || ' ', 1 + i % 12),
      jsonb_build_object('model', 'm-' || i % 3, 'finish', 'stop'),
      timestamptz '2025-01-01' + i * interval '1 second'
    from generate_series(1, ${rows}) i;
    create index on messages (thread_id, created_at)`)
  await session.script('vacuum analyze messages')
  await session.script('checkpoint')
}

const value = sql`(ceil(length(content) / 4.0)::int)`

/** The floor: the loop that people write by hand, one statement for each batch of keys. */
export async function byHand(database: Database): Promise<Finish> {
  await using session = await database.session()
  return await timed(session, async () => {
    let after = 0
    let [rows, batches] = [0, 0]
    for (;;) {
      const [batch] = await session.query<{ rows: number; last: number | null }>(sql`
        with batch as (select id from messages where id > ${after}::bigint order by id limit ${batchSize}::int),
        done as (
          update messages set tokens = ${value}, __pending = false
          from batch where messages.id = batch.id
          returning messages.id
        )
        select count(*) as rows, (select max(id) from batch) as last from done`)
      if (batch === undefined || batch.last === null) return { rows, batches }
      rows += batch.rows
      batches += 1
      after = batch.last
    }
  })
}

const plan: UpdatePlan = {
  kind: 'update',
  schema: 'public',
  table: 'messages',
  alias: 'messages',
  pending: '__pending',
  assignments: [{ column: 'tokens', value, type: 'int' }],
  queries: [],
  origins: [{ column: 'tokens', migration: '002_tokens' }],
  key: ['id'],
}

/** The backfill, journal, verification and all. */
export async function byBackfill(database: Database): Promise<Finish> {
  await using session = await database.session()
  return await timed(session, () =>
    runBackfill(
      {
        database,
        session,
        bookkeeping: bookkeepingOf(database, 'metastore'),
        retry: { lockTimeout: 500, deadline: 60_000, busyDeadline: 0 },
        signal: new AbortController().signal,
        progress: silent,
      },
      plan,
      {
        options: { batchSize, batchDelay: 0, throttle: 0 },
        resume: null,
        save: (progress) => sql`
          insert into metastore.progress values ('backfill', ${JSON.stringify(progress)}::jsonb)
          on conflict (step) do update set progress = excluded.progress`,
      },
    ),
  )
}

async function timed(session: Session, work: () => Promise<{ rows: number; batches: number }>): Promise<Finish> {
  const [backend] = await session.query<{ pid: number }>(sql`select pg_backend_pid() as pid`)
  const pid = backend?.pid ?? 0
  const [before, cpuBefore] = [performance.now(), cpuOf(pid)]
  const { rows, batches } = await work()
  const [after, cpuAfter] = [performance.now(), cpuOf(pid)]
  return {
    rows,
    batches,
    seconds: (after - before) / 1000,
    cpu: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore,
  }
}

// Hundredths of a second, user and system: fields 14 and 15 of the line, after a name that may hold spaces.
function cpuOf(backend: number): number | null {
  const { user, system } = process.cpuUsage()
  try {
    const fields = readFileSync(`/proc/${backend}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (user + system) / 1e6 + (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return null
  }
}

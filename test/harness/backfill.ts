import { openDatabase, sql, type Database, type Session } from '../../src/database/database.ts'
import type { BackfillOptions } from '../../src/migrations/backfill/options.ts'
import type { BackfillPlan, UpdatePlan } from '../../src/migrations/backfill/plan.ts'
import {
  runBackfill,
  type BackfillHooks,
  type BackfillProgress,
  type BackfillResult,
} from '../../src/migrations/backfill/run-backfill.ts'
import { bookkeepingOf } from '../../src/migrations/bookkeeping.ts'
import type { ProgressEvent } from '../../src/progress.ts'

/** A database with a backfill's journal in it. */
export interface BackfillBench extends AsyncDisposable {
  readonly database: Database
  /** A session for the test's own statements. */
  readonly session: Session
  /** Runs a backfill in a session of its own; it goes on where the journal says that an earlier one stopped. */
  run(plan: BackfillPlan, how?: BackfillRun): Promise<BackfillResult>
  /** What the journal says; null when nothing was done yet. */
  journal(): Promise<BackfillProgress | null>
}

/** What a test wants different. */
export interface BackfillRun {
  readonly options?: Partial<BackfillOptions>
  readonly searchPath?: readonly string[]
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
  readonly now?: BackfillHooks['now']
  /** Milliseconds to wait for locked rows before giving up. */
  readonly deadline?: number
  /** The role that does it. */
  readonly role?: string
}

/** Opens a database and makes what a backfill needs in it. */
export async function backfillBench(url: string): Promise<BackfillBench> {
  const database = await openDatabase(url)
  const session = await database.session()
  await session.script(`
    create schema metastore;
    create schema metastore_sync;
    create table metastore.progress (one boolean primary key default true, progress jsonb not null);
    create function public.count_write() returns trigger language plpgsql as $$
    begin insert into public.writes values (tg_table_name); return null; end $$;
    create table public.writes (name text)`)
  const journal = async () => {
    const [row] = await session.query<{ progress: BackfillProgress }>(sql`select progress from metastore.progress`)
    return row?.progress ?? null
  }
  return {
    database,
    session,
    journal,
    async run(plan, how = {}) {
      const signal = how.signal ?? new AbortController().signal
      await using working = await database.session({ signal })
      if (how.role !== undefined) await working.script(`set role ${how.role}`)
      return await runBackfill(
        {
          database,
          session: working,
          bookkeeping: bookkeepingOf(database, 'metastore'),
          retry: { lockTimeout: 500, deadline: how.deadline ?? 60_000, busyDeadline: 0 },
          signal,
          progress: how.onProgress ?? (() => {}),
        },
        plan,
        {
          options: { batchSize: 1000, batchDelay: 0, throttle: 0, ...how.options },
          resume: await journal(),
          save: (progress) => sql`
            insert into metastore.progress (progress) values (${JSON.stringify(progress)}::jsonb)
            on conflict (one) do update set progress = excluded.progress`,
          searchPath: how.searchPath,
          // Time stands still, so that a busy machine does not make batches smaller.
          now: how.now ?? (() => 0),
        },
      )
    },
    async [Symbol.asyncDispose]() {
      await session.close()
      await database.close()
    },
  }
}

/** A plan that fills `double` with twice `n` in a table of the schema `public`. */
export function doublePlan(table: string, changes: Partial<UpdatePlan> = {}): UpdatePlan {
  return {
    kind: 'update',
    schema: 'public',
    table,
    alias: table,
    pending: '__pending',
    assignments: [{ column: 'double', value: sql`(n * 2)`, type: 'bigint' }],
    queries: [],
    origins: [{ column: 'double', migration: '004_double' }],
    key: ['id'],
    ...changes,
  }
}

/** The columns that such a table has beside its own, as a batch adds them. */
export const doubled = 'n bigint, double bigint, __pending boolean default true'

/** Counts every row that is written from now on, also by who has turned triggers off. */
export function countWrites(table: string): string {
  return `
    create trigger zz_count after update on public."${table}" for each row execute function public.count_write();
    alter table public."${table}" enable always trigger zz_count`
}

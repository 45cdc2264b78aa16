import {
  failedBecause,
  id,
  literal,
  sql,
  type Database,
  type Queryable,
  type Session,
  type Sql,
} from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import type { BatchPhase, Lease, StoredBatch } from './stored-batch.ts'

/** The version of the bookkeeping tables' layout that this tool writes; a newer one is refused, never downgraded. */
const bookkeepingLayout = 2

/** Names and spellings of the tables that metastore keeps in a managed database. */
export interface Bookkeeping {
  /** The schema that holds them; null where the engine has no schemas and the tables carry a prefix instead. */
  readonly schema: string | null
  /** One row for each fact about the database: the layout, the history view, the batch that is under way. */
  readonly state: Sql
  /** One row for each time a migration was applied. */
  readonly migrations: Sql
  /** One row for each step of a migration that runs outside a transaction and is not finished. */
  readonly journal: Sql
  /** One row for each step of the batch that is under way; empty otherwise. */
  readonly steps: Sql
  /** One row for each batch that is complete and in effect: what it found, from which what undoes it is derived. */
  readonly snapshots: Sql
  /** The name, without a schema, of the index that keeps a migration from being in effect twice. */
  readonly inEffectIndex: Sql
  /** The server's clock, as a timestamp with time zone or as ISO 8601 text in UTC. */
  readonly now: Sql
  /** A column of the tables above as ISO 8601 text in UTC. */
  readonly timeText: (column: string) => Sql
}

/** The bookkeeping of a database: in a schema of its own, or in tables with a prefix where there are no schemas. */
export function bookkeepingOf(database: Pick<Database, 'features' | 'dialect'>, stateSchema: string): Bookkeeping {
  const table = (name: string) => (database.features.schemas ? id(stateSchema, name) : id(`${stateSchema}_${name}`))
  return {
    schema: database.features.schemas ? stateSchema : null,
    state: table('state'),
    migrations: table('migrations'),
    journal: table('journal'),
    steps: table('steps'),
    snapshots: table('snapshots'),
    inEffectIndex: id(database.features.schemas ? 'migrations_in_effect' : `${stateSchema}_migrations_in_effect`),
    now: database.dialect === 'postgres' ? sql`clock_timestamp()` : sql`strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
    timeText: (column) =>
      database.dialect === 'postgres'
        ? sql`to_char(${id(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
        : id(column),
  }
}

/** What the state table says; `layout` is null on a database that was never managed. */
export interface BookkeepingState {
  readonly layout: number | null
  /** The name of the view that shows the history under another tool's table name. */
  readonly historyView: string | null
  /** What is going on with a batch; null when nothing is. */
  readonly phase: BatchPhase | null
  /** The batch that is under way. */
  readonly batch: StoredBatch | null
  /** The migration whose version schema applications use; null where there are no version schemas. */
  readonly version: string | null
  /** The schema that holds the tables which that version schema shows. */
  readonly base: string
  /** Whether somebody has said that tables which were there before the first migration are no mistake. */
  readonly baseline: boolean
  /** Who works on a batch, or did and was cut off. */
  readonly lease: Lease | null
}

/** One fact of the state table. */
export type StateKey =
  'layout' | 'history_view' | 'phase' | 'batch' | 'version' | 'base' | 'baseline' | 'lease' | `catalog:${number}`

/**
 * Reads the state table, in one query; a database without one was never managed, which is no error.
 * Throws `bookkeeping_newer` when a newer tool has been here.
 */
export async function readState(db: Queryable, bookkeeping: Bookkeeping): Promise<BookkeepingState> {
  // Catalogs are large, and only who goes on with a batch needs them.
  const rows = await readOrNothing(() =>
    db.query<{ key: string; value: string }>(
      sql`select key, value from ${bookkeeping.state} where key not like 'catalog:%'`,
    ),
  )
  const value = (key: StateKey) => rows.find((row) => row.key === key)?.value ?? null
  const layout = value('layout')
  if (layout !== null && Number(layout) > bookkeepingLayout) throw bookkeepingNewer(layout)
  return {
    layout: layout === null ? null : Number(layout),
    historyView: value('history_view'),
    phase: value('phase') as BatchPhase | null,
    batch: fromJson(value('batch')) as StoredBatch | null,
    version: value('version'),
    base: value('base') ?? 'public',
    baseline: value('baseline') !== null,
    lease: fromJson(value('lease')) as Lease | null,
  }
}

function fromJson(text: string | null): unknown {
  return text === null ? null : JSON.parse(text)
}

/** The statement that notes a fact; a value of null takes it away. */
export function setState({ state }: Bookkeeping, key: StateKey, value: string | null): Sql {
  if (value === null) return sql`delete from ${state} where key = ${key}`
  return sql`
    insert into ${state} (key, value) values (${key}, ${value})
    on conflict (key) do update set value = excluded.value`
}

/** The rows of a read, or none where the bookkeeping does not exist yet. */
export async function readOrNothing<Row>(read: () => Promise<Row[]>): Promise<Row[]> {
  try {
    return await read()
  } catch (error) {
    if (failedBecause(error, 'missing_object')) return []
    throw error
  }
}

/** Makes the bookkeeping what it should be, in one transaction. To be called under the migration lock. */
export async function ensureBookkeeping(
  session: Session,
  database: Pick<Database, 'dialect' | 'features'>,
  bookkeeping: Bookkeeping,
  state: BookkeepingState,
  wantedView: string | null | undefined,
): Promise<void> {
  const historyView = wantedView === undefined ? state.historyView : wantedView
  if (state.layout === bookkeepingLayout && state.historyView === historyView) return
  await session.transaction(
    async (tx) => {
      if (state.layout === null) {
        const statements = createTables(database, bookkeeping)
        await tx.script(statements.map((statement) => statement.inline(database.dialect)).join(';\n'))
      } else if (state.layout < bookkeepingLayout) {
        await tx.query(createSteps(database, bookkeeping))
        await tx.query(createSnapshots(bookkeeping))
        await tx.query(setState(bookkeeping, 'layout', String(bookkeepingLayout)))
      }
      if (state.historyView !== historyView) await replaceHistoryView(tx, bookkeeping, state.historyView, historyView)
    },
    { resetSession: true },
  )
}

function createTables(database: Pick<Database, 'dialect'>, bookkeeping: Bookkeeping): Sql[] {
  const postgres = database.dialect === 'postgres'
  const identity = postgres
    ? sql`bigint generated always as identity primary key`
    : sql`integer primary key autoincrement`
  const time = postgres ? sql`timestamptz` : sql`text`
  return [
    ...(bookkeeping.schema === null ? [] : [sql`create schema if not exists ${id(bookkeeping.schema)}`]),
    sql`
      create table ${bookkeeping.state} (
        key text primary key,
        value text not null
      )`,
    sql`
      create table ${bookkeeping.migrations} (
        position ${identity},
        name text not null,
        version bigint,
        format text not null,
        description text,
        priority text not null,
        checksum text not null,
        source text not null,
        down_source text,
        batch text not null,
        how text not null check (how in ('migrated', 'stamped')),
        started_at ${time} not null,
        applied_at ${time} not null,
        duration_ms bigint not null,
        applied_by text not null,
        tool_version text not null,
        rolled_back_at ${time},
        rolled_back_by text
      )`,
    // One migration is in effect once, whatever several runners believe: the second to commit fails and rolls back.
    sql`
      create unique index ${bookkeeping.inEffectIndex}
      on ${bookkeeping.migrations} (name) where rolled_back_at is null`,
    sql`
      create table ${bookkeeping.journal} (
        migration text not null,
        direction text not null check (direction in ('up', 'down')),
        step text not null,
        label text not null,
        status text not null check (status in ('intent', 'done')),
        batch text not null,
        updated_at ${time} not null,
        primary key (migration, direction, step)
      )`,
    createSteps(database, bookkeeping),
    createSnapshots(bookkeeping),
    sql`insert into ${bookkeeping.state} (key, value) values ('layout', ${literal(String(bookkeepingLayout))})`,
  ]
}

// Layout 2 is layout 1 and these two.
function createSteps({ dialect }: Pick<Database, 'dialect'>, { steps }: Bookkeeping): Sql {
  return sql`
    create table ${steps} (
      batch text not null,
      phase text not null check (phase in ('start', 'prepare', 'complete', 'abort')),
      step text not null,
      migration text,
      label text not null,
      status text not null check (status in ('intent', 'done')),
      progress ${dialect === 'postgres' ? sql`jsonb` : sql`text`},
      duration_ms bigint not null,
      updated_at ${dialect === 'postgres' ? sql`timestamptz` : sql`text`} not null,
      primary key (batch, phase, step)
    )`
}

function createSnapshots({ snapshots }: Bookkeeping): Sql {
  return sql`
    create table ${snapshots} (
      batch text primary key,
      base text not null,
      old_version text,
      catalogs text not null
    )`
}

async function replaceHistoryView(
  tx: Queryable,
  bookkeeping: Bookkeeping,
  before: string | null,
  after: string | null,
): Promise<void> {
  if (before !== null) await tx.query(sql`drop view if exists ${id(before)}`)
  await tx.query(sql`delete from ${bookkeeping.state} where key = 'history_view'`)
  if (after === null) return
  try {
    await tx.query(sql`
      create view ${id(after)} as
      select version, name, applied_at from ${bookkeeping.migrations} where rolled_back_at is null`)
  } catch (error) {
    if (!failedBecause(error, 'duplicate_object')) throw error
    throw historyViewTaken(after, error)
  }
  await tx.query(sql`insert into ${bookkeeping.state} (key, value) values ('history_view', ${after})`)
}

/** Every statement that creates the bookkeeping, as text, for `plan`. */
export function bookkeepingScript(database: Pick<Database, 'dialect'>, bookkeeping: Bookkeeping): string[] {
  return createTables(database, bookkeeping).map((statement) => statement.inline(database.dialect))
}

function bookkeepingNewer(layout: string): MetastoreError {
  return new MetastoreError({
    code: 'bookkeeping_newer',
    message: `This database is managed by a newer metastore: its bookkeeping has layout ${layout}, and this version knows layouts up to ${bookkeepingLayout}.`,
    remedy: 'Install the newer version of metastore, or point this one at another database.',
  })
}

function historyViewTaken(name: string, cause: unknown): MetastoreError {
  return new MetastoreError({
    code: 'configuration_invalid',
    message: `The history view ${name} cannot be created: the database has a table or view of that name already.`,
    where: `history_view = "${name}"`,
    remedy: `Rename the old one first (alter table ${name} rename to ${name}_before_metastore), or choose another name for history_view in metastore.toml.`,
    cause,
  })
}

import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  varchar,
  type PgTimestampConfig,
} from 'drizzle-orm/pg-core'

const id = () => varchar({ length: 255 })
const when: PgTimestampConfig = { withTimezone: true }
const object = () => jsonb().notNull().default({})

const times = {
  created_at: timestamp(when).notNull().defaultNow(),
  updated_at: timestamp(when).notNull().defaultNow(),
}

/** What a run is told: what has a config has a context beside it. */
const settings = { config: object(), context: object() }

/** A graph with settings of its own. */
export const assistants = pgTable(
  'assistants',
  {
    assistant_id: id().primaryKey(),
    graph_id: text().notNull(),
    name: text(),
    description: text(),
    version: integer().notNull().default(1),
    ...settings,
    metadata: object(),
    ...times,
  },
  (table) => [
    check('assistants_version_check', sql`${table.version} >= 1`),
    index('assistants_graph_id').on(table.graph_id),
    index('assistants_created_at').on(table.created_at, table.assistant_id),
    index('assistants_metadata').using('gin', table.metadata.op('jsonb_path_ops')),
  ],
)

/** Each version that an assistant has had. */
export const assistantVersions = pgTable(
  'assistant_versions',
  {
    assistant_id: id()
      .notNull()
      .references(() => assistants.assistant_id, { onDelete: 'cascade' }),
    version: integer().notNull(),
    graph_id: text().notNull(),
    name: text(),
    description: text(),
    ...settings,
    metadata: object(),
    created_at: times.created_at,
  },
  (table) => [primaryKey({ columns: [table.assistant_id, table.version] })],
)

/** A conversation. */
export const threads = pgTable(
  'threads',
  {
    thread_id: id().primaryKey(),
    status: text().notNull().default('idle'),
    ...settings,
    metadata: object(),
    values: jsonb(),
    interrupts: object(),
    error: jsonb(),
    graph_id: text().generatedAlwaysAs(sql`metadata ->> 'graph_id'`),
    state_updated_at: timestamp(when),
    expires_at: timestamp(when),
    ...times,
  },
  (table) => [
    check('threads_status_check', sql`${table.status} in ('idle', 'busy', 'interrupted', 'error')`),
    index('threads_status').on(table.status, table.created_at),
    index('threads_metadata').using('gin', table.metadata.op('jsonb_path_ops')),
    index('threads_expires_at')
      .on(table.expires_at)
      .where(sql`${table.expires_at} is not null`),
  ],
)

/** One execution of an assistant on a thread. */
export const runs = pgTable(
  'runs',
  {
    run_id: id().primaryKey(),
    thread_id: id()
      .notNull()
      .references(() => threads.thread_id, { onDelete: 'cascade' }),
    assistant_id: id().references(() => assistants.assistant_id, { onDelete: 'set null' }),
    status: text().notNull().default('pending'),
    ...settings,
    metadata: object(),
    kwargs: object(),
    multitask_strategy: text().notNull().default('reject'),
    temporary: boolean().notNull().default(false),
    attempt: integer().notNull().default(1),
    not_before: timestamp(when).notNull().defaultNow(),
    ...times,
  },
  (table) => [
    check(
      'runs_status_check',
      sql`${table.status} in ('pending', 'running', 'error', 'success', 'timeout', 'interrupted')`,
    ),
    uniqueIndex('runs_one_running')
      .on(table.thread_id)
      .where(sql`${table.status} = 'running'`),
    index('runs_pending')
      .on(table.not_before, table.run_id)
      .where(sql`${table.status} = 'pending'`),
    index('runs_thread').on(table.thread_id, table.created_at.desc().nullsFirst()),
    index('runs_assistant').on(table.assistant_id),
  ],
)

/** What a run wrote to its stream. */
export const runEvents = pgTable(
  'run_events',
  {
    run_id: id().notNull(),
    seq: integer().notNull(),
    event: text().notNull(),
    data: jsonb(),
    created_at: times.created_at,
  },
  (table) => [
    primaryKey({ columns: [table.run_id, table.seq] }),
    foreignKey({ name: 'run_events_run_id_fkey', columns: [table.run_id], foreignColumns: [runs.run_id] }).onDelete(
      'cascade',
    ),
  ],
)

/** What assistants remember beyond a thread. */
export const storeItems = pgTable(
  'store_items',
  {
    namespace: text().array().notNull(),
    key: text().notNull(),
    value: jsonb().notNull(),
    expires_at: timestamp(when),
    ...times,
  },
  (table) => [
    primaryKey({ columns: [table.namespace, table.key] }),
    index('store_items_value').using('gin', table.value.op('jsonb_path_ops')),
    index('store_items_expires_at')
      .on(table.expires_at)
      .where(sql`${table.expires_at} is not null`),
  ],
)

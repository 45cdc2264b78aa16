import { sql } from 'drizzle-orm'
import {
  boolean,
  bigint,
  check,
  customType,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgPolicy,
  pgRole,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
  type PgTimestampConfig,
} from 'drizzle-orm/pg-core'

// The assistants, threads, runs and store items of the schema that metastore ships: for an application that reads them with
// Drizzle. Tenants, users and tenant_assistants are here because the others refer to them, with no more than that; they are not
// among the `models_tables` of shipped.toml.

const when: PgTimestampConfig = { withTimezone: true }
const newId = sql`new_id()`
const object = () => jsonb().notNull().default({})
const isObject = (table: string, column: string) =>
  check(`${table}_${column}_check`, sql.raw(`jsonb_typeof(${column}) = 'object'`))
const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })
const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })

const times = {
  created_at: timestamp(when).notNull().defaultNow(),
  updated_at: timestamp(when).notNull().defaultNow(),
}
const settings = { config: object(), context: object(), metadata: object() }

const application = pgRole('metastore_app').existing()
const administration = pgRole('metastore_admin').existing()
const own = sql`(tenant_id = current_tenant())`

/** Who sees which rows: the application those of its tenant, the administration and whoever migrates all. */
const isolation = () => [
  pgPolicy('tenant_isolation', { to: application, using: own, withCheck: own }),
  pgPolicy('admin_access', { to: administration, using: sql`true`, withCheck: sql`true` }),
  pgPolicy('owner_access', { to: 'postgres', using: sql`true`, withCheck: sql`true` }),
]

/** The application also reads rows of the shared tenant, on a condition. */
const sharedRows = (condition: string) =>
  pgPolicy('shared_rows', {
    for: 'select',
    to: application,
    using: sql.raw(`tenant_id = shared_tenant() and (${condition})`),
  })

/** Where a transaction is for one user: their own threads, and what belongs to these. */
const ownThreads = (condition: string) =>
  pgPolicy('own_threads', {
    as: 'restrictive',
    to: application,
    using: sql.raw(`(select current_owner()) is null or ${condition}`),
  })

export const tenants = pgTable('tenants', { id: uuid().primaryKey() })
export const users = pgTable('users', { tenant_id: uuid(), id: uuid() }, (table) => [
  primaryKey({ columns: [table.tenant_id, table.id] }),
])

export const tenantAssistants = pgTable('tenant_assistants', {
  tenant_id: uuid(),
  assistant_id: uuid(),
  enabled: boolean(),
})

const tenantKey = (table: string, column: Parameters<typeof foreignKey>[0]['columns'][0]) =>
  foreignKey({ name: `${table}_tenant_id_fkey`, columns: [column], foreignColumns: [tenants.id] }).onDelete('cascade')

/** An agent: a graph with settings of its own. */
export const assistants = pgTable(
  'assistants',
  {
    tenant_id: uuid().notNull(),
    assistant_id: uuid().notNull().default(newId),
    llm_model_id: uuid(),
    output_format_id: uuid(),
    ...times,
    version: integer().notNull().default(1),
    is_active: boolean().notNull().default(true),
    is_system: boolean().notNull().default(false),
    graph_id: text().notNull(),
    name: text().notNull().default('Untitled'),
    description: text(),
    prompt: text(),
    ...settings,
  },
  (table) => [
    primaryKey({ name: 'assistants_pkey', columns: [table.tenant_id, table.assistant_id] }),
    tenantKey('assistants', table.tenant_id),
    check('assistants_version_check', sql`version >= 1`),
    isObject('assistants', 'config'),
    isObject('assistants', 'context'),
    isObject('assistants', 'metadata'),
    index('assistants_graph').on(table.tenant_id, table.graph_id),
    index('assistants_name').on(table.tenant_id, table.name),
    index('assistants_created').on(table.tenant_id, table.created_at, table.assistant_id),
    index('assistants_version').on(table.tenant_id, table.assistant_id, table.version),
    ...isolation(),
    sharedRows(
      `is_system or exists (
        select from tenant_assistants t
        where t.tenant_id = current_tenant() and t.assistant_id = assistants.assistant_id and t.enabled)`,
    ),
  ],
)

/** Each version that an assistant has had. */
export const assistantVersions = pgTable(
  'assistant_versions',
  {
    tenant_id: uuid().notNull(),
    assistant_id: uuid().notNull(),
    created_at: times.created_at,
    version: integer().notNull(),
    graph_id: text().notNull(),
    name: text().notNull(),
    description: text(),
    prompt: text(),
    ...settings,
  },
  (table) => [
    primaryKey({ name: 'assistant_versions_pkey', columns: [table.tenant_id, table.assistant_id, table.version] }),
    foreignKey({
      name: 'assistant_versions_tenant_id_assistant_id_fkey',
      columns: [table.tenant_id, table.assistant_id],
      foreignColumns: [assistants.tenant_id, assistants.assistant_id],
    }).onDelete('cascade'),
    check('assistant_versions_version_check', sql`version >= 1`),
    isObject('assistant_versions', 'config'),
    isObject('assistant_versions', 'context'),
    isObject('assistant_versions', 'metadata'),
    ...isolation(),
    sharedRows(
      `exists (
        select from assistants a
        where a.tenant_id = shared_tenant() and a.assistant_id = assistant_versions.assistant_id)`,
    ),
  ],
)

/** A conversation. */
export const threads = pgTable(
  'threads',
  {
    tenant_id: uuid().notNull(),
    thread_id: uuid().notNull().default(newId),
    user_id: uuid().default(sql`current_owner()`),
    assistant_id: uuid(),
    ...times,
    state_updated_at: timestamp(when),
    last_message_at: timestamp(when),
    summary_updated_at: timestamp(when),
    expires_at: timestamp(when),
    ttl_minutes: doublePrecision(),
    next_sequence: bigint({ mode: 'number' }).notNull().default(1),
    values_omitted: boolean().notNull().default(false),
    next_nodes: text().array().notNull().default([]),
    status: text().notNull().default('idle'),
    ttl_strategy: text(),
    title: text(),
    reference: text(),
    agent_type: text(),
    model: text(),
    provider: text(),
    graph_id: text().generatedAlwaysAs(sql`metadata ->> 'graph_id'`),
    summary: text(),
    metadata: object(),
    config: object(),
    interrupts: object(),
    summary_metadata: jsonb(),
    error: jsonb(),
    values: jsonb(),
  },
  (table) => [
    primaryKey({ name: 'threads_pkey', columns: [table.tenant_id, table.thread_id] }),
    tenantKey('threads', table.tenant_id),
    foreignKey({
      name: 'threads_tenant_id_user_id_fkey',
      columns: [table.tenant_id, table.user_id],
      foreignColumns: [users.tenant_id, users.id],
    }),
    check('threads_status_check', sql`status in ('idle', 'busy', 'interrupted', 'error')`),
    check('threads_ttl_check', sql`ttl_minutes > 0 and ttl_strategy in ('delete', 'keep_latest')`),
    check('threads_next_sequence_check', sql`next_sequence >= 1`),
    check('threads_values_check', sql`jsonb_typeof("values") in ('object', 'array')`),
    isObject('threads', 'metadata'),
    isObject('threads', 'config'),
    isObject('threads', 'interrupts'),
    isObject('threads', 'summary_metadata'),
    uniqueIndex('threads_reference_unique').on(table.tenant_id, table.user_id, table.reference),
    index('threads_created').on(table.tenant_id, table.created_at, table.thread_id),
    index('threads_updated').on(table.tenant_id, table.updated_at, table.thread_id),
    index('threads_state_updated').on(table.tenant_id, table.state_updated_at, table.thread_id),
    index('threads_status').on(table.tenant_id, table.status, table.created_at),
    index('threads_user_created').on(table.tenant_id, table.user_id, table.created_at, table.thread_id),
    index('threads_assistant').on(table.tenant_id, table.assistant_id),
    index('threads_expires')
      .on(table.expires_at)
      .where(sql`expires_at is not null`),
    index('threads_metadata').using('gin', table.metadata.op('jsonb_path_ops')),
    ...isolation(),
    ownThreads('user_id = (select current_owner())'),
  ],
)

/** One execution of an assistant on a thread. */
export const runs = pgTable(
  'runs',
  {
    tenant_id: uuid().notNull(),
    run_id: uuid().notNull().default(newId),
    thread_id: uuid().notNull(),
    assistant_id: uuid().notNull(),
    ...times,
    not_before: timestamp(when).notNull().defaultNow(),
    lease_until: timestamp(when),
    started_at: timestamp(when),
    ended_at: timestamp(when),
    attempt: integer().notNull().default(0),
    temporary: boolean().notNull().default(false),
    status: text().notNull().default('pending'),
    multitask_strategy: text().notNull().default('enqueue'),
    claimed_by: text(),
    cancel_action: text(),
    webhook: text(),
    metadata: object(),
    kwargs: object(),
    error: jsonb(),
    result: jsonb(),
    result_exact: bytea(),
  },
  (table) => [
    primaryKey({ name: 'runs_pkey', columns: [table.tenant_id, table.run_id] }),
    foreignKey({
      name: 'runs_tenant_id_thread_id_fkey',
      columns: [table.tenant_id, table.thread_id],
      foreignColumns: [threads.tenant_id, threads.thread_id],
    }).onDelete('cascade'),
    check('runs_status_check', sql`status in ('pending', 'running', 'success', 'error', 'timeout', 'interrupted')`),
    check('runs_multitask_strategy_check', sql`multitask_strategy in ('reject', 'enqueue', 'interrupt', 'rollback')`),
    check('runs_cancel_action_check', sql`cancel_action in ('interrupt', 'rollback')`),
    check('runs_attempt_check', sql`attempt >= 0`),
    check('runs_lease_check', sql`status <> 'running' or (claimed_by is not null and lease_until is not null)`),
    isObject('runs', 'metadata'),
    isObject('runs', 'kwargs'),
    uniqueIndex('runs_running_unique')
      .on(table.tenant_id, table.thread_id)
      .where(sql`status = 'running'`),
    index('runs_pending')
      .on(table.not_before, table.run_id)
      .where(sql`status = 'pending'`),
    index('runs_lease')
      .on(table.lease_until)
      .where(sql`status = 'running'`),
    index('runs_active')
      .on(table.tenant_id, table.thread_id, table.created_at)
      .where(sql`status in ('pending', 'running')`),
    index('runs_thread_created').on(
      table.tenant_id,
      table.thread_id,
      table.created_at.desc().nullsFirst(),
      table.run_id,
    ),
    index('runs_assistant').on(table.tenant_id, table.assistant_id),
    ...isolation(),
    ownThreads('owns_thread(tenant_id, thread_id)'),
  ],
)

/** What assistants remember beyond a thread. */
export const storeItems = pgTable(
  'store_items',
  {
    tenant_id: uuid().notNull(),
    ...times,
    expires_at: timestamp(when),
    ttl_minutes: doublePrecision(),
    key: text().notNull(),
    namespace: text().array().notNull(),
    namespace_path: text()
      .notNull()
      .generatedAlwaysAs(sql`namespace_path(namespace)`),
    value: jsonb().notNull(),
    value_exact: bytea(),
    search: tsvector(),
  },
  (table) => [
    primaryKey({ name: 'store_items_pkey', columns: [table.tenant_id, table.namespace_path, table.key] }),
    tenantKey('store_items', table.tenant_id),
    check(
      'store_items_namespace_check',
      sql`namespace_path <> '' and strpos('.' || namespace_path, '..') = 0 and cardinality(namespace) = length(namespace_path) - length(replace(namespace_path, '.', '')) and namespace[1] <> 'langgraph'`,
    ),
    check('store_items_ttl_minutes_check', sql`ttl_minutes > 0`),
    isObject('store_items', 'value'),
    index('store_items_expires')
      .on(table.expires_at)
      .where(sql`expires_at is not null`),
    ...isolation(),
  ],
)

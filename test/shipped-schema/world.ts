import { createHash } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { openDatabase, sql, type Database, type Queryable, type Session } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { migrateShipped } from './migrate.ts'

export { migrateShipped, modules, schemaDirectory, shippedFiles } from './migrate.ts'

/** The databases that the shipped schema is for. */
export const places = [
  { name: 'PostgreSQL 15', freshUrl: () => freshPostgresUrl(15), tables: 40 },
  { name: 'PostgreSQL 18', freshUrl: () => freshPostgresUrl(18), tables: 40 },
  // It has pgvector, and with it store_vectors.
  { name: 'PGlite', freshUrl: () => Promise.resolve('pglite:memory'), tables: 41 },
] as const

/** The tenant whose rows are shared, and two others that the fixtures are of. */
export const shared = '00000000-0000-0000-0000-000000000000'
export const anna = 'aaaaaaaa-0000-4000-8000-000000000000'
export const bert = 'bbbbbbbb-0000-4000-8000-000000000000'

/** A migrated database, with a session of its owner. */
export interface World extends AsyncDisposable {
  readonly database: Database
  readonly session: Session
  /** The schema of views that applications use. */
  readonly version: string
}

/** Opens and migrates a database of its own. */
export async function openWorld(url: string): Promise<World> {
  const database = await openDatabase(url)
  const version = await migrateShipped(database)
  const session = await database.session()
  return {
    database,
    session,
    version,
    async [Symbol.asyncDispose]() {
      await session.close()
      await database.close()
    },
  }
}

/** A new database of a role that is no superuser and does not bypass row-level security, as both reach it, for this test. */
export async function freshOwnedUrls(
  role: string,
): Promise<{ readonly asSuperuser: string; readonly asOwner: string }> {
  const asSuperuser = await freshPostgresUrl(18)
  const url = new URL(asSuperuser)
  const name = url.pathname.slice(1)
  await script(
    asSuperuser,
    `create role ${role} login password 'owner' createrole; alter database ${name} owner to ${role}`,
  )
  onTestFinished(async () => {
    await script(asSuperuser, `drop owned by ${role} cascade; alter database ${name} owner to current_user`)
    await script(asSuperuser, `drop role ${role}`)
  })
  url.username = role
  url.password = 'owner'
  return { asSuperuser, asOwner: url.href }
}

async function script(url: string, text: string): Promise<void> {
  await using database = await openDatabase(url)
  await using session = await database.session()
  await session.script(text)
}

/** Works as a role does, for one tenant or for none, in a transaction that is kept. */
export function as<T>(
  session: Session,
  role: 'metastore_app' | 'metastore_admin',
  tenant: string | undefined,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  return session.transaction(async (tx) => {
    await tx.query(sql`select set_config('metastore.tenant', ${tenant ?? ''}, true)`)
    await tx.script(`set local role ${role}`)
    return work(tx)
  })
}

/** The id of something of a tenant in the fixtures. */
export function ident(tenant: string, what: string): string {
  return createHash('md5')
    .update(`${tenant} ${what}`)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** One row in each table, for a tenant that is made first. */
export function rowsOf(t: string): string {
  const i = (what: string) => `'${ident(t, what)}'`
  return `
    insert into tenants (id, name, domain) values ('${t}', '${t}', '${t}');
    insert into users (tenant_id, id, email) values ('${t}', ${i('user')}, 'a@x.test');
    insert into identities (tenant_id, user_id, provider, provider_subject) values ('${t}', ${i('user')}, 'password', 'a');
    insert into api_keys (tenant_id, user_id, name, prefix, hash) values ('${t}', ${i('user')}, 'k', 'ms_aaaa', '\\x00');
    insert into llm_models (tenant_id, id, context_window, provider, model_name)
      values ('${t}', ${i('model')}, 1000, 'p', 'm');
    insert into output_formats (tenant_id, id, name) values ('${t}', ${i('format')}, 'text');
    insert into base_tools (tenant_id, id, type, handler_class) values ('${t}', ${i('base')}, 'http', 'Http');
    insert into tools (tenant_id, id, base_tool_id, output_format_id, name)
      values ('${t}', ${i('tool')}, ${i('base')}, ${i('format')}, 'find');
    insert into assistants (tenant_id, assistant_id, llm_model_id, graph_id) values ('${t}', ${i('assistant')}, ${i('model')}, 'echo');
    insert into assistant_tools (tenant_id, assistant_id, tool_id) values ('${t}', ${i('assistant')}, ${i('tool')});
    insert into tenant_assistants (tenant_id, assistant_id) values ('${t}', ${i('assistant')});
    insert into tenant_tools (tenant_id, tool_id) values ('${t}', ${i('tool')});
    insert into tenant_llm_configs (tenant_id, llm_model_id) values ('${t}', ${i('model')});
    insert into tenant_llm_usage (tenant_id) values ('${t}');
    insert into widgets (tenant_id, assistant_id, name, title) values ('${t}', ${i('assistant')}, 'w', 'w');
    insert into threads (tenant_id, thread_id, user_id, assistant_id, metadata)
      values ('${t}', ${i('thread')}, ${i('user')}, ${i('assistant')}, '{"graph_id":"echo"}');
    insert into messages (tenant_id, id, thread_id, role, content) values ('${t}', ${i('message')}, ${i('thread')}, 'user', 'Hello');
    insert into tool_calls (tenant_id, message_id, tool_call_id) values ('${t}', ${i('message')}, 'c1');
    insert into thread_reflections (tenant_id, thread_id, trigger, summary) values ('${t}', ${i('thread')}, 'end', 's');
    insert into runs (tenant_id, run_id, thread_id, assistant_id) values ('${t}', ${i('run')}, ${i('thread')}, ${i('assistant')});
    insert into run_events (tenant_id, run_id, seq, event) values ('${t}', ${i('run')}, 0, 'metadata');
    insert into checkpoints (tenant_id, thread_id, checkpoint_id, checkpoint) values ('${t}', ${i('thread')}, 'c', '{}');
    insert into checkpoint_blobs (tenant_id, thread_id, channel, version, type) values ('${t}', ${i('thread')}, 'c', '1', 'empty');
    insert into checkpoint_writes (tenant_id, thread_id, checkpoint_id, task_id, idx, channel)
      values ('${t}', ${i('thread')}, 'c', 't', 0, 'c');
    insert into crons (tenant_id, assistant_id, thread_id, user_id, schedule)
      values ('${t}', ${i('assistant')}, ${i('thread')}, ${i('user')}, '* * * * *');
    insert into outbox (tenant_id, run_id, url, body, next_at) values ('${t}', ${i('run')}, '/hook', '', '2100-01-01');
    insert into idempotency_keys (tenant_id, expires_at, scope, key, fingerprint) values ('${t}', now(), 's', 'k', '');
    insert into store_items (tenant_id, namespace, key, value) values ('${t}', '{users,a}', 'k', '{}');
    do $$ begin
      -- Only where the server has pgvector.
      if to_regclass('public.store_vectors') is not null then
        insert into store_vectors (tenant_id, namespace_path, key, field_path) values ('${t}', 'users.a.', 'k', '$');
      end if;
    end $$;
    insert into documents (tenant_id, id, reference, title) values ('${t}', ${i('document')}, 'd', 'd');
    insert into chunks (tenant_id, id, document_id, position, content)
      values ('${t}', ${i('chunk')}, ${i('document')}, 1, 'Transport is booked under Orders');
    insert into tasks (tenant_id, id, thread_id, type) values ('${t}', ${i('task')}, ${i('thread')}, 'mail');
    insert into supporters (tenant_id, user_id) values ('${t}', ${i('user')});
    insert into escalations (tenant_id, id, thread_id, reason) values ('${t}', ${i('escalation')}, ${i('thread')}, 'r');
    insert into skill_workflows (tenant_id, id, name) values ('${t}', ${i('skill')}, 's');
    insert into skill_runs (tenant_id, skill_workflow_id, success, outcome) values ('${t}', ${i('skill')}, true, 'o');
    insert into events (tenant_id, source, event_type, status) values ('${t}', 'agent', 'tool_call', 'ok');
    insert into ai_guardrails.policy_rules (tenant_id, name, severity, message, match_any_keywords)
      values ('${t}', 'own', 'block', 'no', '{iban}');
    insert into setting_definitions (tenant_id, id, key, name, config_type, default_value)
      values ('${t}', ${i('setting')}, 'tone', 'Tone', 'choice', '"dry"');
    insert into setting_options (tenant_id, definition_id, option_value, option_label) values ('${t}', ${i('setting')}, 'dry', 'Dry');
    insert into setting_values (tenant_id, user_id, definition_id, value)
      values ('${t}', ${i('user')}, ${i('setting')}, '"dry"');`
}

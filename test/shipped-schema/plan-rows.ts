import { anna, ident, shared } from './world.ts'

const id = (what: string) => `'${ident(anna, what)}'`
const t = `'${anna}'`

/**
 * Rows in numbers at which the planner has to choose: many tenants, of whom anna has most. Triggers and foreign keys are left
 * out, as nothing here depends on them.
 */
export const planRows = `
  set session_replication_role = replica;
  insert into tenants (id, name, domain) select new_id(), 'tenant ' || n, 'tenant-' || n from generate_series(1, 1000) n;
  insert into users (tenant_id, email) select id, 'u' || n || '@x.test' from tenants, generate_series(1, 5) n
    where name like 'tenant %';
  insert into users (tenant_id, email) select ${t}, 'many' || n || '@x.test' from generate_series(1, 5000) n;
  insert into identities (tenant_id, user_id, provider, provider_subject)
    select tenant_id, id, 'password', email from users where id <> ${id('user')};
  insert into llm_models (tenant_id, context_window, provider, model_name)
    select id, 1000, 'p', 'model ' || n from tenants, generate_series(1, 3) n;
  insert into base_tools (tenant_id, type, handler_class)
    select id, 'base ' || n, 'h' from tenants, generate_series(1, 3) n;
  insert into tools (tenant_id, base_tool_id, name)
    select b.tenant_id, b.id, 'tool ' || n from base_tools b, generate_series(1, 2) n where b.type = 'base 1';
  insert into assistants (tenant_id, graph_id, name) select id, 'chat', 'agent ' || n from tenants, generate_series(1, 5) n;
  insert into assistant_tools (tenant_id, assistant_id, tool_id)
    select a.tenant_id, a.assistant_id, t.id from assistants a join tools t on t.tenant_id = a.tenant_id
    on conflict do nothing;
  insert into tenant_assistants (tenant_id, assistant_id)
    select t.id, a.assistant_id from tenants t, assistants a where a.tenant_id = '${shared}' and t.name like 'tenant %';
  insert into tenant_tools (tenant_id, tool_id)
    select t.id, a.id from tenants t, tools a where a.tenant_id = '${shared}' and t.name like 'tenant %';
  insert into tenant_llm_configs (tenant_id, llm_model_id)
    select tenant_id, id from llm_models where model_name = 'model 1' on conflict do nothing;
  insert into tenant_llm_usage (tenant_id, requests) select id, 9 from tenants
    on conflict (tenant_id) do update set requests = 9;
  insert into widgets (tenant_id, name, title) select id, 'widget ' || n, 't' from tenants, generate_series(1, 3) n;
  insert into threads (tenant_id, user_id, created_at)
    select ${t}, case n % 10 when 0 then ${id('user')}::uuid end, now() - n * interval '1 minute' from generate_series(1, 10000) n;
  insert into threads (tenant_id) select id from tenants, generate_series(1, 3);
  insert into messages (tenant_id, thread_id, sequence, role, content, client_message_id)
    select ${t}, ${id('thread')}, n + 1, 'user', 'm', new_id() from generate_series(1, 10000) n;
  insert into messages (tenant_id, thread_id, sequence, role) select tenant_id, thread_id, 1, 'user' from threads
    on conflict do nothing;
  insert into tool_calls (tenant_id, message_id, tool_call_id) select tenant_id, id, 'c' from messages
    where id <> ${id('message')};
  insert into thread_reflections (tenant_id, thread_id, trigger, summary) select tenant_id, thread_id, 'end', 's' from threads;
  insert into documents (tenant_id, reference, title, created_at)
    select ${t}, 'document ' || n, 'd', now() - n * interval '1 minute' from generate_series(1, 10000) n;
  insert into chunks (tenant_id, document_id, position, content)
    select tenant_id, id, 2, 'words and number ' || reference from documents;
  insert into tasks (tenant_id, type, status, scheduled_for, claimed_by, lease_until)
    select ${t}, 'mail', case n % 10 when 0 then 'pending' when 1 then 'running' else 'done' end,
      now() + (n - 7500) * interval '1 minute', 'w', now() + (n - 100) * interval '1 minute' from generate_series(1, 10000) n;
  insert into supporters (tenant_id, user_id) select tenant_id, id from users where tenant_id <> ${t}
    on conflict do nothing;
  insert into escalations (tenant_id, thread_id, supporter_id, status, reason, created_at)
    select ${t}, t.thread_id, u.id, case t.n % 2 when 0 then 'closed' else 'in_progress' end, 'r', t.created_at
    from (select *, row_number() over () as n from threads where tenant_id = ${t}) t
      join (select id, row_number() over () as n from users where tenant_id = ${t}) u on u.n = t.n % 500 + 1;
  insert into skill_workflows (tenant_id, name, version)
    select ${t}, 'skill ' || n, v from generate_series(1, 1000) n, generate_series(1, 5) v;
  insert into skill_runs (tenant_id, skill_workflow_id, success, outcome)
    select tenant_id, id, true, 'o' from skill_workflows, generate_series(1, 4);
  insert into events (tenant_id, source, event_type, status, thread_id, occurred_at)
    select ${t}, 'agent', 'type ' || n % 20, 'ok', new_id(), now() - n * interval '1 minute' from generate_series(1, 10000) n;
  insert into ai_guardrails.policy_rules (tenant_id, name, severity, message, match_any_keywords)
    select id, 'rule ' || n, 'warn', 'm', '{word}' from tenants, generate_series(1, 3) n;
  insert into setting_definitions (tenant_id, key, name, config_type, default_value)
    select id, 'key ' || n, 'k', 'choice', '"a"' from tenants, generate_series(1, 3) n;
  insert into setting_options (tenant_id, definition_id, option_value, option_label)
    select tenant_id, id, 'a', 'A' from setting_definitions;
  insert into setting_values (tenant_id, user_id, definition_id, value)
    select u.tenant_id, u.id, d.id, '"a"' from users u join setting_definitions d on d.tenant_id = u.tenant_id
    on conflict do nothing;
  insert into api_keys (tenant_id, name, prefix, hash)
    select id, 'k', 'ms_' || to_char(row_number() over (), 'FM000000000000'), '' from tenants, generate_series(1, 5);
  update threads t set expires_at = now() + (n - 100) * interval '1 minute' from (
    select tenant_id, thread_id, row_number() over (order by thread_id) as n from threads where thread_id <> ${id('thread')}
  ) mortal where n <= 500 and t.tenant_id = mortal.tenant_id and t.thread_id = mortal.thread_id;
  insert into runs (tenant_id, thread_id, assistant_id, status, created_at, not_before, claimed_by, lease_until)
    select tenant_id, thread_id, ${id('assistant')}, case n % 50 when 0 then 'pending' when 1 then 'running' else 'success' end,
      created_at, now() + (n - 5000) * interval '1 minute', 'w', now() + (n - 100) * interval '1 minute'
    from (select *, row_number() over () as n from threads where expires_at is null and thread_id <> ${id('thread')}) t;
  insert into runs (tenant_id, thread_id, assistant_id, status, created_at)
    select ${t}, ${id('thread')}, ${id('assistant')}, 'success', now() - n * interval '1 minute' from generate_series(1, 1000) n;
  insert into run_events (tenant_id, run_id, seq, at, event)
    select tenant_id, run_id, 1, created_at, 'values' from runs;
  insert into checkpoints (tenant_id, thread_id, checkpoint_id, checkpoint, metadata)
    select ${t}, ${id('thread')}, 'u' || n, '{}', '{"source":"update"}' from generate_series(1, 1000) n;
  insert into checkpoints (tenant_id, thread_id, run_id, checkpoint_id, checkpoint) select tenant_id, thread_id, run_id, run_id, '{}'
    from runs limit 4000;
  insert into checkpoint_blobs (tenant_id, thread_id, channel, version, type) select tenant_id, thread_id, 'c', run_id, 'empty'
    from runs limit 4000;
  insert into checkpoint_writes (tenant_id, thread_id, run_id, checkpoint_id, task_id, idx, channel)
    select tenant_id, thread_id, run_id, run_id, 't', 0, 'c' from runs limit 4000;
  insert into crons (tenant_id, assistant_id, schedule, created_at, next_run_date)
    select ${t}, new_id(), '* * * * *', now() - n * interval '1 minute', now() + (n - 20) * interval '1 minute'
    from generate_series(1, 5000) n;
  insert into crons (tenant_id, assistant_id, schedule) select id, new_id(), '* * * * *' from tenants;
  insert into outbox (tenant_id, run_id, url, body, next_at, done_at)
    select tenant_id, run_id, '/hook', '', now() + (n - 100) * interval '1 minute',
      case n % 2 when 0 then now() - interval '31 days' + n * interval '10 minutes' end
    from (select *, row_number() over () as n from runs) r;
  insert into idempotency_keys (tenant_id, scope, key, fingerprint, expires_at)
    select tenant_id, 's', 'k' || n, '', now() + (n - 600) * interval '1 minute'
    from (select tenant_id, row_number() over () as n from threads) t;
  insert into store_items (tenant_id, namespace, key, value, search, ttl_minutes, expires_at)
    select tenant_id, array['users', 'u' || n % 1000], 'k' || n, jsonb_build_object('n', n), to_tsvector('simple', 'word ' || n),
      case n % 10 when 0 then 60 end, case n % 10 when 0 then now() + (n - 1000) * interval '1 minute' end
    from (select tenant_id, row_number() over () as n from threads) t;
  set session_replication_role = origin;
  select gin_clean_pending_list('chunks_search'), gin_clean_pending_list('threads_metadata');`

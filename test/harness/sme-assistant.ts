/** What every migration of examples/sme-assistant provides, as the spec of that system lists it. */
export const smeObjects: Readonly<
  Record<string, { readonly priority: 'P0' | 'P1'; readonly objects: Readonly<Record<string, string>> }>
> = {
  '20250315_create_ai_assistant_tables': {
    priority: 'P0',
    objects: {
      ...table('public.ai_conversations', 'id user_id status metadata created_at updated_at last_message_at'),
      ...table('public.ai_messages', 'id conversation_id role content metadata created_at'),
      ...table(
        'public.ai_task_queue',
        'id conversation_id task_type payload status scheduled_for attempts last_error created_at updated_at started_at completed_at',
      ),
      ...index('public.ai_conversations', 'idx_ai_conversations_user', 'idx_ai_conversations_last_message'),
      ...index('public.ai_messages', 'idx_ai_messages_conversation'),
      ...index('public.ai_task_queue', 'idx_ai_task_queue_status_schedule'),
      'routine public.update_timestamp()': 'drop function update_timestamp() cascade',
      ...trigger('public.ai_conversations', 'trg_ai_conversations_updated_at'),
      ...trigger('public.ai_task_queue', 'trg_ai_task_queue_updated_at'),
    },
  },
  '20250321_create_skill_workflow_tables': {
    priority: 'P1',
    objects: {
      ...table('public.skill_workflows', 'id name version description parameters created_at'),
      ...table(
        'public.skill_run_reflections',
        'id skill_workflow_id run_id outcome success verification_payload latency_ms created_at',
      ),
      ...constraint('public.skill_workflows', 'skill_workflows_name_version_key'),
      ...index('public.skill_workflows', 'idx_skill_workflows_name'),
      ...index('public.skill_run_reflections', 'idx_skill_run_reflections_workflow'),
    },
  },
  '20250328_add_conversation_summary': {
    priority: 'P0',
    objects: {
      ...columns('public.ai_conversations', 'summary summary_metadata summary_updated_at'),
      ...index('public.ai_conversations', 'idx_ai_conversations_summary_updated'),
    },
  },
  '20250330000000_create_agent_event_logs': {
    priority: 'P1',
    objects: {
      ...table(
        'public.agent_event_logs',
        'id source session_id conversation_id tool event_type status error_code error_message trace_id latency_ms metadata occurred_at',
      ),
      ...index(
        'public.agent_event_logs',
        'idx_agent_event_logs_occurred_at',
        'idx_agent_event_logs_event_status',
        'idx_agent_event_logs_source',
        'idx_agent_event_logs_tool',
      ),
    },
  },
  '20250330_add_ai_conversation_reflections': {
    priority: 'P0',
    objects: {
      ...table(
        'public.ai_conversation_reflections',
        'id conversation_id trigger risk_level summary recommendation requires_revision impacted_tools metadata created_at',
      ),
      ...index('public.ai_conversation_reflections', 'idx_ai_conversation_reflections_conversation'),
    },
  },
  '20250331_create_ai_guardrails_schema': {
    priority: 'P0',
    objects: {
      'schema ai_guardrails': 'drop schema ai_guardrails cascade',
      ...table(
        'ai_guardrails.policy_rules',
        'name severity policy_tags message resolution requires_manual_review fallback_step match_all_keywords match_any_keywords match_pending_action_slugs priority company_id created_at updated_at',
      ),
      ...index('ai_guardrails.policy_rules', 'idx_policy_rules_priority'),
    },
  },
}

/** Rows in every table that there is, whichever that are; what is missing stays so. */
export const smeRows = `
  truncate ai_conversations, ai_messages, ai_task_queue, skill_workflows, skill_run_reflections, agent_event_logs,
    ai_conversation_reflections, ai_guardrails.policy_rules;
  insert into ai_conversations (id, user_id, summary)
  select ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'user ' || n, 'summary ' || n from generate_series(1, 5) n;
  insert into ai_messages (conversation_id, role, content) select id, 'user', user_id from ai_conversations;
  insert into ai_task_queue (conversation_id, task_type) select id, 'summarize' from ai_conversations;
  insert into skill_workflows (name) values ('invoice'), ('refund');
  insert into skill_run_reflections (skill_workflow_id, run_id, outcome, success)
  select id, 'run', 'done', true from skill_workflows;
  insert into agent_event_logs (source, event_type, status) values ('agent', 'start', 'ok'), ('agent', 'end', 'ok');
  insert into ai_conversation_reflections (conversation_id, trigger, summary)
  select id, 'reply', 'fine' from ai_conversations;
  insert into ai_guardrails.policy_rules (name, severity, message) values ('a', 'block', 'No.'), ('b', 'warn', 'Look.');`

function table(name: string, names: string): Record<string, string> {
  return { [`table ${name}`]: `drop table ${name} cascade`, ...columns(name, names) }
}

function columns(name: string, names: string): Record<string, string> {
  return Object.fromEntries(
    names
      .split(' ')
      .map((column) => [`column ${name}.${column}`, `alter table ${name} drop column "${column}" cascade`]),
  )
}

function index(name: string, ...names: string[]): Record<string, string> {
  const [schema = ''] = name.split('.')
  return Object.fromEntries(names.map((each) => [`index ${name}.${each}`, `drop index ${schema}.${each}`]))
}

function constraint(name: string, each: string): Record<string, string> {
  return { [`constraint ${name}.${each}`]: `alter table ${name} drop constraint ${each}` }
}

function trigger(name: string, each: string): Record<string, string> {
  return { [`trigger ${name}.${each}`]: `drop trigger ${each} on ${name}` }
}

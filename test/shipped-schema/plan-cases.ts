import { one, type PlanCase, refused, second } from './plan-case.ts'
import { anna, ident, shared } from './world.ts'

const thread = ident(anna, 'thread')
const user = ident(anna, 'user')
const message = ident(anna, 'message')
const agent = ident(anna, 'assistant')
const page = { limit: 20 }
const lost = { tenant_id: anna, id: ident(anna, 'task'), attempts: 9, claimed_by: 'w' }

// Of what a tenant has few, any index that begins with the tenant is as good.
const ofTenant = 'assistants_name|assistants_graph|assistants_created|assistants_version|assistants_pkey'
const byId = 'assistants_version|assistants_pkey'
const definitions = 'setting_definitions_key_unique|setting_definitions_order|setting_definitions_pkey'

/** Every method of the repositories that are here. A new one is a line. */
export const planCases: readonly PlanCase[] = [
  one('agents.list', ofTenant, (t) => t.agents.list()),
  one('agents.named', ofTenant, (t) => t.agents.named('agent 3')),
  one('agents.create', ofTenant, (t) => t.agents.create({ name: 'new' })),
  one('agents.update', [ofTenant, byId], (t) => t.agents.update(agent, { name: 'other' })),
  one('agents.remove', [byId, 'assistant_tools_pkey'], (t) => refused(t.agents.remove(agent))),
  one('agents.tools', ['assistant_tools_pkey', 'tools_pkey'], (t) => t.agents.tools(agent)),
  one('agents.setTools', [byId, 'assistant_tools_pkey'], (t) =>
    t.agents.setTools(agent, [{ tool_id: ident(anna, 'tool'), priority: 1 }]),
  ),
  one('grants.isSharedAgent', ofTenant, (_, s) => s.admin.grants.isSharedAgent('agent 2')),
  one('grants.grant:agent', ['tenants_pkey', byId], (_, s) => refused(s.admin.grants.grant(anna, 'agent', agent))),
  one('grants.grant:tool', ['tenants_pkey', 'tools_pkey'], (_, s) =>
    refused(s.admin.grants.grant(anna, 'tool', agent)),
  ),
  one('grants.revoke:agent', 'tenant_assistants_pkey', (_, s) => s.admin.grants.revoke(anna, 'agent', user)),
  one('grants.revoke:tool', 'tenant_tools_pkey', (_, s) => s.admin.grants.revoke(anna, 'tool', user)),
  one('guardrails.evaluate', 'policy_rules_pkey', (t) => t.guardrails.evaluate('a word')),
  one('guardrails.list', 'policy_rules_pkey', (t) => t.guardrails.list()),
  one('guardrails.put', [], (t) => t.guardrails.put({ name: 'new', severity: 'warn', message: 'm' })),
  one('guardrails.remove', 'policy_rules_pkey', (t) => t.guardrails.remove('new')),
  one('knowledge.put', ['documents_reference_unique', 'chunks_position_unique'], (t) =>
    t.knowledge.put({ reference: 'document 3', title: 'd', chunks: [{ content: 'new' }] }),
  ),
  one('knowledge.get', ['documents_pkey', 'chunks_position_unique'], (t) => t.knowledge.get(ident(anna, 'document'))),
  one('knowledge.list', 'documents_created', (t) => second((at) => t.knowledge.list(at))),
  one('knowledge.remove', 'documents_pkey', (t) => refused(t.knowledge.remove(user))),
  one('knowledge.search', ['chunks_pkey', 'documents_pkey'], (t) => t.knowledge.search('9999', 5)),
  one('knowledge.hasEmbeddings', [], (t) => t.knowledge.hasEmbeddings()),
  one('llm.models', 'llm_models_pkey|llm_models_name_unique', (t) => t.llm.models()),
  one('llm.addModel', [], (t) => t.llm.addModel({ provider: 'new', model_name: 'm', context_window: 1 })),
  one('llm.config', 'tenant_llm_configs_pkey', (t) => t.llm.config()),
  one('llm.setConfig', [], (t) => t.llm.setConfig({ llm_model_id: ident(anna, 'model') })),
  one('llm.access', ['tenant_llm_configs_pkey', 'llm_models_pkey|llm_models_name_unique'], (t) =>
    t.llm.access({ decrypt: (token) => token }),
  ),
  one('llm.countRequest', 'tenant_llm_usage_pkey', (t) => t.llm.countRequest({ rate_limit_rpm: 1, rate_limit_tpm: 1 })),
  one('llm.countTokens', 'tenant_llm_usage_pkey', (t) =>
    t.llm.countTokens(9, { rate_limit_rpm: 1, rate_limit_tpm: 1 }),
  ),
  one('messages.add', ['threads_pkey'], (t) =>
    t.messages.add(thread, { role: 'user', content: 'x', tool_calls: [{ tool_call_id: 'x' }] }),
  ),
  one('messages.list:first', 'messages_sequence_unique', (t) => t.messages.list(thread, page)),
  one('messages.list:after', 'messages_sequence_unique', (t) => t.messages.list(thread, { ...page, after: 9000 })),
  one('messages.list:before', 'messages_sequence_unique', (t) => t.messages.list(thread, { ...page, before: 9000 })),
  one('messages.withClientId', 'messages_client_message_unique', (t) => t.messages.withClientId(thread, user)),
  one('messages.page', ['messages_sequence_unique', 'messages_pkey'], (t) =>
    second((at) => t.messages.page(thread, at)),
  ),
  one('messages.toolCalls', 'tool_calls_message_unique', (t) => t.messages.toolCalls([message, user])),
  one('messages.answerToolCall', 'tool_calls_message_unique', (t) => t.messages.answerToolCall(message, 'c1', {})),
  one('messages.commitToKnowledgeBase', 'messages_pkey', (t) => t.messages.commitToKnowledgeBase([message])),
  one('messages.reflect', 'threads_pkey', (t) => t.messages.reflect(thread, { trigger: 'end', summary: 's' })),
  one('messages.reflections', 'thread_reflections_thread', (t) => t.messages.reflections(thread, 5)),
  one('permissions.enable:agent', 'tenant_assistants_pkey', (t) => t.permissions.enable('agent', agent, true)),
  one('permissions.enable:tool', 'tenant_tools_pkey', (t) => t.permissions.enable('tool', ident(anna, 'tool'), true)),
  one('sessions.create', [], (t) => t.sessions.create({})),
  one('sessions.get', 'threads_pkey', (t) => t.sessions.get(thread, { userId: user })),
  one('sessions.list:all', 'threads_created', (t) => second((at) => t.sessions.list('anybody', at))),
  one('sessions.list:own', 'threads_user_created', (t) => second((at) => t.sessions.list({ userId: user }, at))),
  one('settings.of', ['setting_values_pkey', definitions, 'setting_options_value_unique|setting_options_pkey'], (t) =>
    t.settings.of(user),
  ),
  one('settings.set', definitions, (t) => t.settings.set(user, 'tone', 'dry')),
  one('settings.reset', 'setting_values_pkey', (t) => t.settings.reset(user, 'tone')),
  one('skills.define', 'skill_workflows_name_unique', (t) => t.skills.define({ name: 'skill 7' })),
  one('skills.get', 'skill_workflows_name_unique', (t) => t.skills.get('skill 7')),
  one('skills.list', 'skill_workflows_name_unique', (t) => second((at) => t.skills.list(at))),
  one('skills.recordRun', [], (t) => t.skills.recordRun(ident(anna, 'skill'), { success: true, outcome: 'o' })),
  one('skills.runs', 'skill_runs_workflow', (t) => t.skills.runs(ident(anna, 'skill'), 5)),
  one('support.supporters', ['supporters_pkey', 'escalations_supporter', 'users_pkey'], (t) => t.support.supporters()),
  one('support.setAvailability', 'users_pkey', (t) =>
    refused(t.support.setAvailability(ident(anna, 'nobody'), 'away')),
  ),
  one(
    'support.escalate',
    ['threads_pkey', 'escalations_thread', 'supporters_pkey', 'escalations_supporter'],
    async (t) => {
      const { thread_id: fresh } = await t.sessions.create({})
      await refused(t.support.escalate(fresh, { reason: 'r' }))
    },
  ),
  one('support.get', 'escalations_pkey', (t) => t.support.get(ident(anna, 'escalation'))),
  one('support.list:all', 'escalations_created', (t) => second((at) => t.support.list({}, at))),
  one('support.list:status', 'escalations_status', (t) => t.support.list({ status: 'pending' }, page)),
  one('support.list:supporter', 'escalations_supporter', (t) => t.support.list({ supporterId: agent }, page)),
  one('support.setStatus', ['escalations_pkey', 'threads_pkey'], (t) =>
    t.support.setStatus(ident(anna, 'escalation'), 'closed'),
  ),
  one('taskQueue.claim', ['tasks_due', 'tasks_pkey'], (_, s) =>
    s.admin.taskQueue.claim({ worker: 'w', limit: 5, lease: 1000 }),
  ),
  one('taskQueue.renew', 'tasks_pkey', (_, s) => refused(s.admin.taskQueue.renew(lost, 1000))),
  one('taskQueue.complete', 'tasks_pkey', (_, s) => refused(s.admin.taskQueue.complete(lost))),
  one('taskQueue.fail', 'tasks_pkey', (_, s) => refused(s.admin.taskQueue.fail(lost, 'no'))),
  one('taskQueue.giveBackExpired', ['tasks_lease', 'tasks_pkey'], (_, s) => s.admin.taskQueue.giveBackExpired(5)),
  one('tasks.add', [], (t) => t.tasks.add({ type: 'mail' })),
  one('tasks.get', 'tasks_pkey', (t) => t.tasks.get(ident(anna, 'task'))),
  one('tasks.list', 'tasks_status', (t) => second((at) => t.tasks.list('done', at))),
  one('tasks.cancel', 'tasks_pkey', async (t) => t.tasks.cancel((await t.tasks.add({ type: 'x' })).id)),
  one('tasks.revive', 'tasks_pkey', (t) => refused(t.tasks.revive(ident(anna, 'task')))),
  one('telemetry.record', [], (t) => t.telemetry.record([{ source: 's', event_type: 'e', status: 'ok' }])),
  one('telemetry.list:all', 'events_default_tenant_id_occurred_at_idx', (t) =>
    second((at) => t.telemetry.list({}, at)),
  ),
  one('telemetry.list:type', 'events_default_tenant_id_event_type_status_occurred_at_idx', (t) =>
    t.telemetry.list({ eventType: 'type 7', status: 'ok' }, page),
  ),
  one('telemetry.list:thread', 'events_default_tenant_id_thread_id_occurred_at_idx', (t) =>
    t.telemetry.list({ threadId: thread }, page),
  ),
  one('tenant.get', 'tenants_pkey', (t) => t.tenant.get()),
  one('tenants.find:id', 'tenants_pkey', (_, s) => s.admin.tenants.find(anna)),
  one('tenants.find:name', ['tenants_name_unique', 'tenants_domain_unique'], (_, s) =>
    s.admin.tenants.find('tenant 7'),
  ),
  one('tenants.findUser', 'users_pkey', (_, s) => s.admin.tenants.findUser(anna, ident(anna, 'user'))),
  one('tenants.list', 'tenants_name_unique', (_, s) => second((at) => s.admin.tenants.list(at))),
  one('tenants.create', [], (_, s) => s.admin.tenants.create({ name: 'x', domain: 'x' })),
  one('tenants.update', 'tenants_pkey', (_, s) => refused(s.admin.tenants.update(shared, { region: 'x' }))),
  one('tools.list', 'tools_name_unique|tools_base_tool|tools_pkey', (t) => t.tools.list()),
  one('tools.create', 'base_tools_type_unique|base_tools_pkey', (t) =>
    t.tools.create({ name: 'new', base_tool: 'base 1' }),
  ),
  one('tools.update', 'tools_pkey', (t) => t.tools.update(ident(anna, 'tool'), { is_active: true })),
  one('tools.remove', 'tools_pkey', (t) => refused(t.tools.remove(ident(anna, 'tool')))),
  one('users.create', [], (t) => t.users.create({ email: 'new@x.test' })),
  one('users.get', 'users_pkey', (t) => t.users.get(user)),
  one('users.list', 'users_email_unique', (t) => second((at) => t.users.list(at))),
  one('users.update', ['users_pkey', 'identities_user'], (t) => t.users.update(user, { email: 'b@x.test' })),
  one('users.withPassword', ['identities_provider_subject_unique', 'users_pkey'], (t) =>
    t.users.withPassword('many7@x.test', 'no'),
  ),
  one('widgets.list', 'widgets_name_unique', (t) => t.widgets.list()),
  one('widgets.put', [], (t) => t.widgets.put('new', { title: 't' })),
  one('widgets.remove', 'widgets_name_unique', (t) => t.widgets.remove('new')),
]

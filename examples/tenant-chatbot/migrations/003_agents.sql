-- metastore: priority=P0 description="agents, their tools, and which tenant may use them"

create table agent_configs (
  id uuid primary key default gen_random_uuid(),
  name text not null constraint agent_configs_name_key unique,
  prompt_template text not null,
  llm_model_id uuid references llm_models (id),
  default_output_format_id uuid references output_formats (id),
  handler_class text not null,
  is_active boolean not null default true
);
create index agent_configs_llm_model_id_idx on agent_configs (llm_model_id);
create index agent_configs_default_output_format_id_idx on agent_configs (default_output_format_id);

create table tool_configs (
  id uuid primary key default gen_random_uuid(),
  name text not null constraint tool_configs_name_key unique,
  base_tool_id uuid not null references base_tools (id),
  config jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
  input_schema jsonb not null default '{}' check (jsonb_typeof(input_schema) = 'object'),
  output_format_id uuid references output_formats (id)
);
create index tool_configs_base_tool_id_idx on tool_configs (base_tool_id);
create index tool_configs_output_format_id_idx on tool_configs (output_format_id);

create table agent_tools (
  agent_id uuid not null references agent_configs (id) on delete cascade,
  tool_id uuid not null references tool_configs (id) on delete cascade,
  priority integer not null check (priority > 0),
  primary key (agent_id, tool_id),
  constraint agent_tools_agent_id_priority_key unique (agent_id, priority)
);
create index agent_tools_tool_id_idx on agent_tools (tool_id);

create table tenant_agent_permissions (
  tenant_id uuid not null references tenants (id) on delete cascade,
  agent_id uuid not null references agent_configs (id) on delete cascade,
  enabled boolean not null default true,
  primary key (tenant_id, agent_id)
);
create index tenant_agent_permissions_agent_id_idx on tenant_agent_permissions (agent_id);

create table tenant_tool_permissions (
  tenant_id uuid not null references tenants (id) on delete cascade,
  tool_id uuid not null references tool_configs (id) on delete cascade,
  enabled boolean not null default true,
  primary key (tenant_id, tool_id)
);
create index tenant_tool_permissions_tool_id_idx on tenant_tool_permissions (tool_id);

-- metastore:down
drop table tenant_tool_permissions;
drop table tenant_agent_permissions;
drop table agent_tools;
drop table tool_configs;
drop table agent_configs;

-- metastore: priority=P0 description="models, tools and formats that every tenant can use"

create table llm_models (
  id uuid primary key default gen_random_uuid(),
  provider text not null,
  model_name text not null,
  context_window integer not null check (context_window > 0),
  cost_per_1k_input_tokens numeric(12, 8) not null default 0 check (cost_per_1k_input_tokens >= 0),
  cost_per_1k_output_tokens numeric(12, 8) not null default 0 check (cost_per_1k_output_tokens >= 0),
  is_active boolean not null default true,
  capabilities jsonb not null default '{}' check (jsonb_typeof(capabilities) = 'object'),
  constraint llm_models_provider_model_name_key unique (provider, model_name)
);

create table output_formats (
  id uuid primary key default gen_random_uuid(),
  name text not null constraint output_formats_name_key unique,
  description text,
  schema jsonb not null default '{}' check (jsonb_typeof(schema) = 'object')
);

create table base_tools (
  id uuid primary key default gen_random_uuid(),
  type text not null constraint base_tools_type_key unique,
  handler_class text not null,
  default_config_schema jsonb not null default '{}' check (jsonb_typeof(default_config_schema) = 'object')
);

-- metastore:down
drop table base_tools;
drop table output_formats;
drop table llm_models;

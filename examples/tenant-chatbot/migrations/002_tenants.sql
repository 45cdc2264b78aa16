-- metastore: priority=P0 description="who uses the chatbot, and with which model and key"

create table tenants (
  id uuid primary key default gen_random_uuid(),
  name text not null constraint tenants_name_key unique,
  domain text not null constraint tenants_domain_key unique,
  region text not null,
  status text not null default 'active' check (status in ('active', 'suspended', 'closed')),
  created_at timestamptz not null default now()
);

-- The key is a Fernet token: only who has FERNET_KEY can read it.
create table tenant_llm_configs (
  tenant_id uuid primary key references tenants (id),
  llm_model_id uuid not null references llm_models (id),
  encrypted_api_key text,
  rate_limit_rpm integer not null default 60 check (rate_limit_rpm > 0),
  rate_limit_tpm integer not null default 100000 check (rate_limit_tpm > 0)
);
create index tenant_llm_configs_llm_model_id_idx on tenant_llm_configs (llm_model_id);

create table tenant_widget_configs (
  tenant_id uuid primary key references tenants (id),
  title text not null,
  greeting text not null,
  theme jsonb not null default '{}' check (jsonb_typeof(theme) = 'object')
);

-- metastore:down
drop table tenant_widget_configs;
drop table tenant_llm_configs;
drop table tenants;

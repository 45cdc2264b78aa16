-- metastore: priority=P0 description="the rules that hold the agent back"
-- metastore: allow H40 because the file is of the days when it was run by hand, on databases that had it already

create schema if not exists ai_guardrails;

create table if not exists ai_guardrails.policy_rules (
  name text primary key,
  severity varchar(16) not null,
  policy_tags text[] not null default '{}',
  message text not null,
  resolution text,
  requires_manual_review boolean not null default false,
  fallback_step text,
  match_all_keywords text[] not null default '{}',
  match_any_keywords text[] not null default '{}',
  match_pending_action_slugs text[] not null default '{}',
  priority integer not null default 0,
  company_id integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index if not exists idx_policy_rules_priority on ai_guardrails.policy_rules (priority desc, name);

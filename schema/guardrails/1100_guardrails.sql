-- metastore: priority=P0 requires=102_tenancy_rules description="the rules that hold an assistant back, and their evaluation"

create schema ai_guardrails;

create table ai_guardrails.policy_rules (
  tenant_id uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  priority integer not null default 0,
  requires_manual_review boolean not null default false,
  is_active boolean not null default true,
  name text not null,
  severity text not null,
  message text not null,
  resolution text,
  fallback_step text,
  policy_tags text[] not null default '{}',
  match_all_keywords text[] not null default '{}',
  match_any_keywords text[] not null default '{}',
  match_pending_action_slugs text[] not null default '{}',
  primary key (tenant_id, name),
  constraint policy_rules_tenant_fkey foreign key (tenant_id) references tenants (id) on delete cascade,
  constraint policy_rules_severity_check check (severity in ('pass', 'warn', 'block'))
);
comment on table ai_guardrails.policy_rules is
  'Rules of a tenant, and of the shared tenant for all. A rule of a tenant takes the place of the shared one of its name.';

select isolate_tenant('ai_guardrails.policy_rules', 'true');
create trigger touch_updated_at before update on ai_guardrails.policy_rules
  for each row execute function touch_updated_at();

-- What the rules say of a text and of what the assistant is about to do. A rule matches when everything that it asks for is
-- there: all of these words, any of those, any of those actions; one that asks for nothing never does. Of those that match,
-- the one of the highest priority decides, and of several the first by name, byte by byte. One row, always.
create function ai_guardrails.evaluate(content text, pending_actions text[] default '{}')
returns table (
  decision text, rule text, message text, resolution text, requires_manual_review boolean, fallback_step text,
  policy_tags text[])
language sql stable
begin atomic
  with rules as (
    select r.*, row_number() over (partition by r.name order by r.tenant_id = shared_tenant()) as place
    from ai_guardrails.policy_rules r
    where r.tenant_id in (current_tenant(), shared_tenant())
  ), matching as (
    select r.* from rules r
    where r.place = 1 and r.is_active
      and cardinality(r.match_all_keywords || r.match_any_keywords || r.match_pending_action_slugs) > 0
      and not exists (
        select from unnest(r.match_all_keywords) as k (word) where strpos(lower(evaluate.content), lower(k.word)) = 0)
      and (r.match_any_keywords = '{}' or exists (
        select from unnest(r.match_any_keywords) as k (word) where strpos(lower(evaluate.content), lower(k.word)) > 0))
      and (r.match_pending_action_slugs = '{}' or r.match_pending_action_slugs && evaluate.pending_actions)
    order by r.priority desc, r.name collate "C"
    limit 1
  )
  select coalesce(m.severity, 'pass'), m.name, m.message, m.resolution, coalesce(m.requires_manual_review, false),
    m.fallback_step, coalesce(m.policy_tags, '{}')
  from (select) as always left join matching m on true;
end;

grant usage on schema ai_guardrails to metastore_app, metastore_admin;

-- metastore:down
revoke usage on schema ai_guardrails from metastore_app, metastore_admin;
drop function ai_guardrails.evaluate(text, text[]);
drop table ai_guardrails.policy_rules;
drop schema ai_guardrails;

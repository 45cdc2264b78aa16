-- metastore: priority=P1 description="workflows that the agent has learnt, and how their runs went"
-- metastore: allow H40 because the file is of the days when it was run by hand, on databases that had it already

create table if not exists skill_workflows (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  version integer not null default 1,
  description text,
  parameters jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (name, version)
);

create index if not exists idx_skill_workflows_name on skill_workflows (name);

create table if not exists skill_run_reflections (
  id uuid primary key default gen_random_uuid(),
  skill_workflow_id uuid not null references skill_workflows (id) on delete cascade,
  run_id text not null,
  outcome text not null,
  success boolean not null,
  verification_payload jsonb not null default '{}',
  latency_ms integer,
  created_at timestamptz not null default now()
);

create index if not exists idx_skill_run_reflections_workflow
  on skill_run_reflections (skill_workflow_id, created_at desc);

-- metastore: priority=P0 description="what the agent thinks of its own answers"
-- metastore: allow H40 because the file is of the days when it was run by hand, on databases that had it already

create table if not exists ai_conversation_reflections (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid not null references ai_conversations (id) on delete cascade,
  trigger text not null,
  risk_level text not null default 'normal',
  summary text not null,
  recommendation text,
  requires_revision boolean not null default false,
  impacted_tools jsonb not null default '[]',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create index if not exists idx_ai_conversation_reflections_conversation
  on ai_conversation_reflections (conversation_id, created_at desc);

-- metastore: priority=P1 description="what the agent did, for dashboards"
-- metastore: allow H40, H47 because the file is of the days when it was run by hand, on databases that had it already

create table if not exists agent_event_logs (
  id bigserial primary key,
  source text not null,
  session_id text,
  conversation_id uuid,
  tool text,
  event_type text not null,
  status text not null,
  error_code text,
  error_message text,
  trace_id text,
  latency_ms integer,
  metadata jsonb not null default '{}',
  occurred_at timestamptz not null default now()
);

create index if not exists idx_agent_event_logs_occurred_at on agent_event_logs (occurred_at desc);
create index if not exists idx_agent_event_logs_event_status on agent_event_logs (event_type, status);
create index if not exists idx_agent_event_logs_source on agent_event_logs (source);
create index if not exists idx_agent_event_logs_tool on agent_event_logs (tool) where tool is not null;

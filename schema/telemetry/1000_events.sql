-- metastore: priority=P1 requires=102_tenancy_rules description="what happened, by month"

-- Only ever added to. thread_id is no foreign key: what happened in a thread that is gone still happened. Whole months are
-- dropped: make_partitions('events', 'month') and drop_partitions('events', '12 months').
create table events (
  tenant_id uuid not null,
  id uuid not null default new_id(),
  thread_id uuid,
  occurred_at timestamptz not null default now(),
  latency_ms integer,
  source text not null,
  tool text,
  event_type text not null,
  status text not null,
  error_code text,
  error_message text,
  trace_id text,
  metadata jsonb not null default '{}',
  primary key (tenant_id, id, occurred_at),
  constraint events_tenant_fkey foreign key (tenant_id) references tenants (id) on delete cascade,
  constraint events_latency_ms_check check (latency_ms >= 0),
  constraint events_metadata_check check (jsonb_typeof(metadata) = 'object')
) partition by range (occurred_at);
create table events_default partition of events default;
alter table events_default enable row level security;

-- The latest events of a tenant, of a kind, of a thread.
create index events_occurred on events (tenant_id, occurred_at desc);
create index events_type on events (tenant_id, event_type, status, occurred_at desc);
create index events_thread on events (tenant_id, thread_id, occurred_at desc) where thread_id is not null;

select isolate_tenant('events');

-- metastore:down
select release_tenant('events');
drop table events;

-- metastore: priority=P0 requires=301_threads_rules,400_runs description="who sees which runs; their events, by day; what may become of a run"

-- What streams read, and read again after a lost connection. data_exact holds what JSON in the database cannot. Whole days are
-- dropped: make_partitions('run_events', 'day') and drop_partitions('run_events', '7 days').
create table run_events (
  tenant_id uuid not null,
  run_id uuid not null,
  seq bigint not null,
  at timestamptz not null default now(),
  event text not null,
  data jsonb,
  data_exact bytea,
  primary key (tenant_id, run_id, seq, at),
  constraint run_events_run_fkey foreign key (tenant_id, run_id) references runs (tenant_id, run_id) on delete cascade,
  constraint run_events_seq_check check (seq >= 0)
) partition by range (at);
create table run_events_default partition of run_events default;
alter table run_events_default enable row level security;

select isolate_tenant('runs');
select restrict_to_owner('runs');
select isolate_tenant('run_events');
select isolate_tenant('checkpoints');
select restrict_to_owner('checkpoints');
select isolate_tenant('checkpoint_blobs');
select restrict_to_owner('checkpoint_blobs');
select isolate_tenant('checkpoint_writes');
select restrict_to_owner('checkpoint_writes');
select isolate_tenant('crons');
select isolate_tenant('outbox');
select isolate_tenant('idempotency_keys');

create trigger touch_updated_at before update on runs for each row execute function touch_updated_at();
create trigger touch_updated_at before update on crons for each row execute function touch_updated_at();

select reference_shared('runs', 'assistant_id', 'assistants', 'assistant_id');
select reference_shared('crons', 'assistant_id', 'assistants', 'assistant_id');

-- A worker that dies gives its run back; what has ended has ended.
create trigger runs_status_transition before update of status on runs
  for each row execute function check_transition(
    'pending>running', 'pending>interrupted', 'pending>error', 'pending>timeout',
    'running>pending', 'running>success', 'running>error', 'running>timeout', 'running>interrupted');

-- metastore:down
drop trigger runs_status_transition on runs;
select unreference_shared('crons', 'assistant_id', 'assistants');
select unreference_shared('runs', 'assistant_id', 'assistants');
drop trigger touch_updated_at on crons;
drop trigger touch_updated_at on runs;
select release_tenant('idempotency_keys');
select release_tenant('outbox');
select release_tenant('crons');
select release_tenant('checkpoint_writes');
select release_tenant('checkpoint_blobs');
select release_tenant('checkpoints');
select release_tenant('run_events');
select release_tenant('runs');
drop table run_events;

-- metastore: priority=P0 description="conversations, messages and the queue of tasks"
-- metastore: allow H40 because the file is of the days when it was run by hand, on databases that had it already

create table if not exists ai_conversations (
  id uuid primary key default gen_random_uuid(),
  user_id text not null,
  status text not null default 'active',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_message_at timestamptz
);

create index if not exists idx_ai_conversations_user on ai_conversations (user_id);
create index if not exists idx_ai_conversations_last_message on ai_conversations (last_message_at desc);

create table if not exists ai_messages (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid not null references ai_conversations (id) on delete cascade,
  role text not null,
  content text not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create index if not exists idx_ai_messages_conversation on ai_messages (conversation_id, created_at);

create table if not exists ai_task_queue (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid references ai_conversations (id) on delete set null,
  task_type text not null,
  payload jsonb not null default '{}',
  status text not null default 'pending',
  scheduled_for timestamptz not null default now(),
  attempts integer not null default 0,
  last_error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  completed_at timestamptz
);

create index if not exists idx_ai_task_queue_status_schedule on ai_task_queue (status, scheduled_for);

create or replace function update_timestamp() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create or replace trigger trg_ai_conversations_updated_at
  before update on ai_conversations for each row execute function update_timestamp();

create or replace trigger trg_ai_task_queue_updated_at
  before update on ai_task_queue for each row execute function update_timestamp();

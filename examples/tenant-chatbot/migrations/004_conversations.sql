-- metastore: priority=P0 description="users, what they say, and who helps them"

-- Every key begins with the tenant, and every reference includes it: no row can point across tenants.
create table users (
  tenant_id uuid not null references tenants (id),
  id uuid not null default gen_random_uuid(),
  email text not null,
  username text not null,
  password_hash text not null,
  role text not null check (role in ('admin', 'supporter', 'user')),
  is_available boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint users_tenant_id_email_key unique (tenant_id, email)
);

create table sessions (
  tenant_id uuid not null references tenants (id),
  id uuid not null default gen_random_uuid(),
  user_id uuid,
  agent_id uuid references agent_configs (id),
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index sessions_tenant_id_user_id_idx on sessions (tenant_id, user_id);
create index sessions_agent_id_idx on sessions (agent_id);

create table messages (
  tenant_id uuid not null references tenants (id),
  session_id uuid not null,
  sequence integer not null check (sequence > 0),
  role text not null check (role in ('user', 'assistant', 'system', 'tool')),
  content text not null,
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  primary key (tenant_id, session_id, sequence),
  foreign key (tenant_id, session_id) references sessions (tenant_id, id) on delete cascade
);

create table escalations (
  tenant_id uuid not null references tenants (id),
  id uuid not null default gen_random_uuid(),
  session_id uuid not null,
  supporter_id uuid,
  reason text not null,
  status text not null default 'pending'
    check (status in ('pending', 'assigned', 'in_progress', 'on_hold', 'resolved', 'closed')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, session_id) references sessions (tenant_id, id) on delete cascade,
  foreign key (tenant_id, supporter_id) references users (tenant_id, id)
);
create index escalations_tenant_id_session_id_idx on escalations (tenant_id, session_id);
create index escalations_tenant_id_supporter_id_status_idx on escalations (tenant_id, supporter_id, status);

-- metastore:down
drop table escalations;
drop table messages;
drop table sessions;
drop table users;

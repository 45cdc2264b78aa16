-- metastore: priority=P0 description="a tenant sees its own rows, whatever a query forgets"

-- The application connects as this role; it sets app.tenant_id for each transaction and sees nothing without it.
do $$
begin
  if not exists (select from pg_roles where rolname = 'chatbot_app') then
    create role chatbot_app nologin;
  end if;
end
$$;

grant select on llm_models, output_formats, base_tools, tenants, agent_configs, tool_configs, agent_tools to chatbot_app;
grant select, insert, update, delete on
  tenant_llm_configs,
  tenant_widget_configs,
  tenant_agent_permissions,
  tenant_tool_permissions,
  users,
  sessions,
  messages,
  escalations,
  knowledge_documents,
  knowledge_chunks
to chatbot_app;

create function current_tenant() returns uuid
language sql stable
return nullif(current_setting('app.tenant_id', true), '')::uuid;

alter table tenant_llm_configs enable row level security;
alter table tenant_llm_configs force row level security;
create policy tenant_isolation on tenant_llm_configs to chatbot_app
  using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
-- metastore: allow H46 because only the owner has this policy, and migrations and seeds are for all tenants
create policy owner_works on tenant_llm_configs to current_user using (true) with check (true);
comment on policy owner_works on tenant_llm_configs is 'Row-level security is forced on the owner too: this is how migrations and seeds work.';

alter table tenant_widget_configs enable row level security;
alter table tenant_widget_configs force row level security;
create policy tenant_isolation on tenant_widget_configs to chatbot_app
  using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
-- metastore: allow H46 because only the owner has this policy, and migrations and seeds are for all tenants
create policy owner_works on tenant_widget_configs to current_user using (true) with check (true);
comment on policy owner_works on tenant_widget_configs is 'Row-level security is forced on the owner too: this is how migrations and seeds work.';

alter table tenant_agent_permissions enable row level security;
alter table tenant_agent_permissions force row level security;
create policy tenant_isolation on tenant_agent_permissions to chatbot_app
  using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
-- metastore: allow H46 because only the owner has this policy, and migrations and seeds are for all tenants
create policy owner_works on tenant_agent_permissions to current_user using (true) with check (true);
comment on policy owner_works on tenant_agent_permissions is 'Row-level security is forced on the owner too: this is how migrations and seeds work.';

alter table tenant_tool_permissions enable row level security;
alter table tenant_tool_permissions force row level security;
create policy tenant_isolation on tenant_tool_permissions to chatbot_app
  using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
-- metastore: allow H46 because only the owner has this policy, and migrations and seeds are for all tenants
create policy owner_works on tenant_tool_permissions to current_user using (true) with check (true);
comment on policy owner_works on tenant_tool_permissions is 'Row-level security is forced on the owner too: this is how migrations and seeds work.';

alter table users enable row level security;
alter table users force row level security;
create policy tenant_isolation on users to chatbot_app
  using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
-- metastore: allow H46 because only the owner has this policy, and migrations and seeds are for all tenants
create policy owner_works on users to current_user using (true) with check (true);
comment on policy owner_works on users is 'Row-level security is forced on the owner too: this is how migrations and seeds work.';

alter table sessions enable row level security;
alter table sessions force row level security;
create policy tenant_isolation on sessions to chatbot_app
  using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
-- metastore: allow H46 because only the owner has this policy, and migrations and seeds are for all tenants
create policy owner_works on sessions to current_user using (true) with check (true);
comment on policy owner_works on sessions is 'Row-level security is forced on the owner too: this is how migrations and seeds work.';

alter table messages enable row level security;
alter table messages force row level security;
create policy tenant_isolation on messages to chatbot_app
  using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
-- metastore: allow H46 because only the owner has this policy, and migrations and seeds are for all tenants
create policy owner_works on messages to current_user using (true) with check (true);
comment on policy owner_works on messages is 'Row-level security is forced on the owner too: this is how migrations and seeds work.';

alter table escalations enable row level security;
alter table escalations force row level security;
create policy tenant_isolation on escalations to chatbot_app
  using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
-- metastore: allow H46 because only the owner has this policy, and migrations and seeds are for all tenants
create policy owner_works on escalations to current_user using (true) with check (true);
comment on policy owner_works on escalations is 'Row-level security is forced on the owner too: this is how migrations and seeds work.';

alter table knowledge_documents enable row level security;
alter table knowledge_documents force row level security;
create policy tenant_isolation on knowledge_documents to chatbot_app
  using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
-- metastore: allow H46 because only the owner has this policy, and migrations and seeds are for all tenants
create policy owner_works on knowledge_documents to current_user using (true) with check (true);
comment on policy owner_works on knowledge_documents is 'Row-level security is forced on the owner too: this is how migrations and seeds work.';

alter table knowledge_chunks enable row level security;
alter table knowledge_chunks force row level security;
create policy tenant_isolation on knowledge_chunks to chatbot_app
  using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
-- metastore: allow H46 because only the owner has this policy, and migrations and seeds are for all tenants
create policy owner_works on knowledge_chunks to current_user using (true) with check (true);
comment on policy owner_works on knowledge_chunks is 'Row-level security is forced on the owner too: this is how migrations and seeds work.';

-- metastore:down
drop policy owner_works on knowledge_chunks;
drop policy tenant_isolation on knowledge_chunks;
alter table knowledge_chunks no force row level security;
alter table knowledge_chunks disable row level security;
drop policy owner_works on knowledge_documents;
drop policy tenant_isolation on knowledge_documents;
alter table knowledge_documents no force row level security;
alter table knowledge_documents disable row level security;
drop policy owner_works on escalations;
drop policy tenant_isolation on escalations;
alter table escalations no force row level security;
alter table escalations disable row level security;
drop policy owner_works on messages;
drop policy tenant_isolation on messages;
alter table messages no force row level security;
alter table messages disable row level security;
drop policy owner_works on sessions;
drop policy tenant_isolation on sessions;
alter table sessions no force row level security;
alter table sessions disable row level security;
drop policy owner_works on users;
drop policy tenant_isolation on users;
alter table users no force row level security;
alter table users disable row level security;
drop policy owner_works on tenant_tool_permissions;
drop policy tenant_isolation on tenant_tool_permissions;
alter table tenant_tool_permissions no force row level security;
alter table tenant_tool_permissions disable row level security;
drop policy owner_works on tenant_agent_permissions;
drop policy tenant_isolation on tenant_agent_permissions;
alter table tenant_agent_permissions no force row level security;
alter table tenant_agent_permissions disable row level security;
drop policy owner_works on tenant_widget_configs;
drop policy tenant_isolation on tenant_widget_configs;
alter table tenant_widget_configs no force row level security;
alter table tenant_widget_configs disable row level security;
drop policy owner_works on tenant_llm_configs;
drop policy tenant_isolation on tenant_llm_configs;
alter table tenant_llm_configs no force row level security;
alter table tenant_llm_configs disable row level security;
drop function current_tenant();
revoke all on llm_models, output_formats, base_tools, tenants, agent_configs, tool_configs, agent_tools from chatbot_app;
revoke all on
  tenant_llm_configs,
  tenant_widget_configs,
  tenant_agent_permissions,
  tenant_tool_permissions,
  users,
  sessions,
  messages,
  escalations,
  knowledge_documents,
  knowledge_chunks
from chatbot_app;

-- metastore: priority=P0 requires=102_tenancy_rules,200_catalogue description="who sees which models, tools and assistants; versions of assistants"

-- The version of an assistant is there, at the end of the transaction that makes both.
-- metastore: allow H13 because the table is new
alter table assistants add constraint assistants_version_fkey
  foreign key (tenant_id, assistant_id, version) references assistant_versions (tenant_id, assistant_id, version)
  deferrable initially deferred;

-- Shared models, formats and base tools are for everybody; shared tools and assistants for whom they are enabled, system
-- assistants always. What is said here of assistants is read with the same policies, so that it holds for what hangs on them.
select isolate_tenant('llm_models', $$ true $$);
select isolate_tenant('output_formats', $$ true $$);
select isolate_tenant('base_tools', $$ true $$);
select isolate_tenant('tools', $$ exists (select from tenant_tools t where t.tenant_id = current_tenant() and t.tool_id = tools.id and t.enabled) $$);
select isolate_tenant('assistants', $$ is_system or exists (
  select from tenant_assistants t
  where t.tenant_id = current_tenant() and t.assistant_id = assistants.assistant_id and t.enabled) $$);
select isolate_tenant('assistant_versions', $$ exists (
  select from assistants a where a.tenant_id = shared_tenant() and a.assistant_id = assistant_versions.assistant_id) $$);
select isolate_tenant('assistant_tools', $$ exists (
  select from assistants a where a.tenant_id = shared_tenant() and a.assistant_id = assistant_tools.assistant_id) $$);
select isolate_tenant('tenant_assistants');
select isolate_tenant('tenant_tools');
select isolate_tenant('tenant_llm_configs');
select isolate_tenant('tenant_llm_usage');
select isolate_tenant('widgets');

-- The versions are written by the trigger below alone.
revoke insert, update, delete on assistant_versions from metastore_app, metastore_admin;

create trigger touch_updated_at before update on llm_models for each row execute function touch_updated_at();
create trigger touch_updated_at before update on output_formats for each row execute function touch_updated_at();
create trigger touch_updated_at before update on base_tools for each row execute function touch_updated_at();
create trigger touch_updated_at before update on tools for each row execute function touch_updated_at();
create trigger touch_updated_at before update on assistants for each row execute function touch_updated_at();
create trigger touch_updated_at before update on assistant_tools for each row execute function touch_updated_at();
create trigger touch_updated_at before update on tenant_assistants for each row execute function touch_updated_at();
create trigger touch_updated_at before update on tenant_tools for each row execute function touch_updated_at();
create trigger touch_updated_at before update on tenant_llm_configs for each row execute function touch_updated_at();
create trigger touch_updated_at before update on widgets for each row execute function touch_updated_at();

select reference_shared('tools', 'base_tool_id', 'base_tools', 'id');
select reference_shared('tools', 'output_format_id', 'output_formats', 'id');
select reference_shared('assistants', 'llm_model_id', 'llm_models', 'id');
select reference_shared('assistants', 'output_format_id', 'output_formats', 'id');
select reference_shared('assistant_tools', 'assistant_id', 'assistants', 'assistant_id');
select reference_shared('assistant_tools', 'tool_id', 'tools', 'id');
select reference_shared('tenant_assistants', 'assistant_id', 'assistants', 'assistant_id');
select reference_shared('tenant_tools', 'tool_id', 'tools', 'id');
select reference_shared('tenant_llm_configs', 'llm_model_id', 'llm_models', 'id');
select reference_shared('widgets', 'assistant_id', 'assistants', 'assistant_id');

-- A change of what has versions is a new version: the next number, also when many change it at once, since whoever changes an
-- assistant has its row. Whoever says the version, goes back to it.
create function number_assistant_version() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
  if new.version = old.version
    and (new.graph_id, new.name, new.description, new.prompt, new.config, new.context, new.metadata)
      is distinct from (old.graph_id, old.name, old.description, old.prompt, old.config, old.context, old.metadata)
  then
    new.version := 1 + (
      select max(version) from assistant_versions
      where tenant_id = new.tenant_id and assistant_id = new.assistant_id);
  end if;
  return new;
end
$$;
create trigger number_assistant_version before update on assistants
  for each row execute function number_assistant_version();

create function keep_assistant_version() returns trigger
language plpgsql
security definer
set search_path = public, pg_temp
as $$
declare
  kept assistant_versions;
  next_version integer;
begin
  select * into kept from assistant_versions
  where tenant_id = new.tenant_id and assistant_id = new.assistant_id and version = new.version;
  if found then
    if (kept.graph_id, kept.name, kept.description, kept.prompt, kept.config, kept.context, kept.metadata)
      is distinct from (new.graph_id, new.name, new.description, new.prompt, new.config, new.context, new.metadata)
    then
      raise check_violation using
        message = format('Version %s of the assistant says otherwise; a change is a new version.', new.version),
        schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
    end if;
    return null;
  end if;
  select coalesce(max(version), 0) + 1 into next_version from assistant_versions
  where tenant_id = new.tenant_id and assistant_id = new.assistant_id;
  if new.version <> next_version then
    raise check_violation using
      message = format('The next version of the assistant is %s, not %s.', next_version, new.version),
      schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
  end if;
  insert into assistant_versions
    (tenant_id, assistant_id, version, graph_id, name, description, prompt, config, context, metadata)
  values (
    new.tenant_id, new.assistant_id, new.version, new.graph_id, new.name, new.description, new.prompt, new.config,
    new.context, new.metadata);
  return null;
end
$$;
revoke execute on function keep_assistant_version() from public;
create trigger keep_assistant_version after insert or update on assistants
  for each row execute function keep_assistant_version();

-- A version goes only with its assistant.
create function refuse_version_change() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
  if tg_op = 'UPDATE' or exists (
    select from assistants where tenant_id = old.tenant_id and assistant_id = old.assistant_id)
  then
    raise check_violation using
      message = 'A version of an assistant never changes.',
      schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
  end if;
  return old;
end
$$;
create trigger refuse_version_change before update or delete on assistant_versions
  for each row execute function refuse_version_change();

-- metastore:down
alter table assistants drop constraint assistants_version_fkey;
drop trigger refuse_version_change on assistant_versions;
drop function refuse_version_change();
drop trigger keep_assistant_version on assistants;
drop function keep_assistant_version();
drop trigger number_assistant_version on assistants;
drop function number_assistant_version();
select unreference_shared('widgets', 'assistant_id', 'assistants');
select unreference_shared('tenant_llm_configs', 'llm_model_id', 'llm_models');
select unreference_shared('tenant_tools', 'tool_id', 'tools');
select unreference_shared('tenant_assistants', 'assistant_id', 'assistants');
select unreference_shared('assistant_tools', 'tool_id', 'tools');
select unreference_shared('assistant_tools', 'assistant_id', 'assistants');
select unreference_shared('assistants', 'output_format_id', 'output_formats');
select unreference_shared('assistants', 'llm_model_id', 'llm_models');
select unreference_shared('tools', 'output_format_id', 'output_formats');
select unreference_shared('tools', 'base_tool_id', 'base_tools');
drop trigger touch_updated_at on widgets;
drop trigger touch_updated_at on tenant_llm_configs;
drop trigger touch_updated_at on tenant_tools;
drop trigger touch_updated_at on tenant_assistants;
drop trigger touch_updated_at on assistant_tools;
drop trigger touch_updated_at on assistants;
drop trigger touch_updated_at on tools;
drop trigger touch_updated_at on base_tools;
drop trigger touch_updated_at on output_formats;
drop trigger touch_updated_at on llm_models;
select release_tenant('widgets');
select release_tenant('tenant_llm_usage');
select release_tenant('tenant_llm_configs');
select release_tenant('tenant_tools');
select release_tenant('tenant_assistants');
select release_tenant('assistant_tools');
select release_tenant('assistant_versions');
select release_tenant('assistants');
select release_tenant('tools');
select release_tenant('base_tools');
select release_tenant('output_formats');
select release_tenant('llm_models');

-- metastore: priority=P1 requires=102_tenancy_rules,1200_settings description="who sees which settings, and what may be set"

select isolate_tenant('setting_definitions', $$ true $$);
select isolate_tenant('setting_options', $$ true $$);
select isolate_tenant('setting_values');

create trigger touch_updated_at before update on setting_definitions for each row execute function touch_updated_at();
create trigger touch_updated_at before update on setting_options for each row execute function touch_updated_at();
create trigger touch_updated_at before update on setting_values for each row execute function touch_updated_at();

select reference_shared('setting_values', 'definition_id', 'setting_definitions', 'id');

-- A value is of the type of its definition, a choice one of its options.
create function check_setting_value() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
declare
  wanted text;
begin
  select config_type into wanted from setting_definitions
  where tenant_id in (new.tenant_id, shared_tenant()) and id = new.definition_id;
  -- Without a definition the reference refuses it.
  if wanted is null then return new; end if;
  if jsonb_typeof(new.value) <>
    (case wanted when 'boolean' then 'boolean' when 'number' then 'number' else 'string' end)
  then
    raise check_violation using
      message = format('The setting is a %s, and the value a %s.', wanted, jsonb_typeof(new.value)),
      schema = tg_table_schema, table = tg_table_name, column = 'value', constraint = tg_name;
  end if;
  if wanted = 'choice' and not exists (
    select from setting_options
    where tenant_id in (new.tenant_id, shared_tenant()) and definition_id = new.definition_id
      and option_value = new.value #>> '{}')
  then
    raise check_violation using
      message = 'The value is none of the options of the setting.',
      schema = tg_table_schema, table = tg_table_name, column = 'value', constraint = tg_name;
  end if;
  return new;
end
$$;
create trigger check_setting_value before insert or update of definition_id, value on setting_values
  for each row execute function check_setting_value();

-- metastore:down
drop trigger check_setting_value on setting_values;
drop function check_setting_value();
select unreference_shared('setting_values', 'definition_id', 'setting_definitions');
drop trigger touch_updated_at on setting_values;
drop trigger touch_updated_at on setting_options;
drop trigger touch_updated_at on setting_definitions;
select release_tenant('setting_values');
select release_tenant('setting_options');
select release_tenant('setting_definitions');

-- metastore: priority=P0 requires=201_catalogue_rules,300_threads description="who sees which threads; the order of messages; search in metadata"

-- For threads_with_metadata.
-- metastore: allow H01 because the table is new
create index threads_metadata on threads using gin (metadata jsonb_path_ops);

select isolate_tenant('threads');
select isolate_tenant('messages');
select isolate_tenant('tool_calls');
select isolate_tenant('thread_reflections');

-- Where the transaction is for one user, who may see no other's: their own threads, and what belongs to these.
create policy own_threads on threads as restrictive to metastore_app
  using ((select current_owner()) is null or user_id = (select current_owner()));
create function restrict_to_owner(protected regclass) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
  execute format(
    'create policy own_threads on %1$s as restrictive to metastore_app
       using ((select current_owner()) is null or exists (
         select from threads t where t.tenant_id = %1$s.tenant_id and t.thread_id = %1$s.thread_id))',
    protected);
end
$$;
select restrict_to_owner('messages');
select restrict_to_owner('thread_reflections');

create trigger touch_updated_at before update on threads for each row execute function touch_updated_at();
create trigger touch_updated_at before update on messages for each row execute function touch_updated_at();
create trigger touch_updated_at before update on tool_calls for each row execute function touch_updated_at();

select reference_shared('threads', 'assistant_id', 'assistants', 'assistant_id');

-- A thread lives for so many minutes after the last change to it. Whoever says until when, is taken at their word.
create function prolong_thread() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'INSERT' then
    new.expires_at := coalesce(new.expires_at, now() + new.ttl_minutes * interval '1 minute');
  elsif new.expires_at is not distinct from old.expires_at and coalesce(new.ttl_minutes, old.ttl_minutes) is not null then
    new.expires_at := now() + new.ttl_minutes * interval '1 minute';
  end if;
  return new;
end
$$;
create trigger prolong_thread before insert or update on threads for each row execute function prolong_thread();

-- The number of a message: the next of its thread, whose row is locked until the transaction ends, so that numbers are in
-- the order of commits and none is left out. It counts on only when the message is really there, for the sake of
-- INSERT ... ON CONFLICT DO NOTHING; rows of the same statement are seen in the table.
create function number_message() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
declare
  next_one bigint;
begin
  select greatest(t.next_sequence, 1 + coalesce((
      select max(m.sequence) from messages m where m.tenant_id = new.tenant_id and m.thread_id = new.thread_id), 0))
  into next_one
  from threads t
  where t.tenant_id = new.tenant_id and t.thread_id = new.thread_id
  for no key update of t;
  if new.sequence > next_one then
    raise check_violation using
      message = format('The next message of the thread has sequence %s, not %s.', next_one, new.sequence),
      schema = tg_table_schema, table = tg_table_name, column = 'sequence', constraint = tg_name;
  end if;
  -- Without a thread the foreign key refuses it.
  new.sequence := coalesce(new.sequence, next_one, 1);
  return new;
end
$$;
create trigger number_message before insert on messages for each row execute function number_message();

create function count_messages() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
  update threads t
  set next_sequence = greatest(t.next_sequence, n.next_sequence),
    last_message_at = greatest(t.last_message_at, n.last_message_at)
  from (
    select tenant_id, thread_id, max(sequence) + 1 as next_sequence, max(created_at) as last_message_at
    from added group by tenant_id, thread_id
  ) n
  where t.tenant_id = n.tenant_id and t.thread_id = n.thread_id;
  return null;
end
$$;
create trigger count_messages after insert on messages referencing new table as added
  for each statement execute function count_messages();

create function keep_message_place() returns trigger
language plpgsql
as $$
begin
  raise check_violation using
    message = 'A message keeps its thread and its sequence.',
    schema = tg_table_schema, table = tg_table_name, constraint = tg_name;
end
$$;
create trigger keep_message_place before update of thread_id, sequence on messages
  for each row when ((old.thread_id, old.sequence) is distinct from (new.thread_id, new.sequence))
  execute function keep_message_place();

-- POST /threads/search by metadata. Containment may leak, so that under row-level security no index is used for it; with the
-- owner's rights it is, and the tenant is asked for here (decision 0013).
create function threads_with_metadata(wanted jsonb) returns setof uuid
language sql stable rows 100
security definer
set search_path = public, pg_temp
as $$
  select thread_id from threads where tenant_id = current_tenant() and metadata @> wanted
$$;
revoke execute on function threads_with_metadata(jsonb) from public;
grant execute on function threads_with_metadata(jsonb) to metastore_app, metastore_admin;

-- metastore:down
drop function threads_with_metadata(jsonb);
drop index threads_metadata;
drop trigger keep_message_place on messages;
drop function keep_message_place();
drop trigger count_messages on messages;
drop function count_messages();
drop trigger number_message on messages;
drop function number_message();
drop trigger prolong_thread on threads;
drop function prolong_thread();
select unreference_shared('threads', 'assistant_id', 'assistants');
drop trigger touch_updated_at on tool_calls;
drop trigger touch_updated_at on messages;
drop trigger touch_updated_at on threads;
select release_tenant('thread_reflections');
select release_tenant('tool_calls');
select release_tenant('messages');
select release_tenant('threads');
drop function restrict_to_owner(regclass);

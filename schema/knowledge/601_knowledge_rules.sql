-- metastore: priority=P1 requires=102_tenancy_rules,600_knowledge description="who sees which documents; search by words"

select isolate_tenant('documents');
select isolate_tenant('chunks');

create trigger touch_updated_at before update on documents for each row execute function touch_updated_at();
create trigger touch_updated_at before update on chunks for each row execute function touch_updated_at();

-- The best chunks for these words. A text search may leak, so that under row-level security no index is used for it; with the
-- owner's rights it is, and the tenant is asked for here (decision 0013).
create function search_chunks(query text, max_rows integer default 10)
returns table (chunk_id uuid, document_id uuid, rank real)
language sql stable rows 10
security definer
set search_path = public, pg_temp
as $$
  select c.id, c.document_id, ts_rank(c.search, q)
  from chunks c, websearch_to_tsquery('simple', query) q
  where c.tenant_id = current_tenant() and c.search @@ q
  order by ts_rank(c.search, q) desc, c.id
  limit max_rows
$$;
revoke execute on function search_chunks(text, integer) from public;
grant execute on function search_chunks(text, integer) to metastore_app, metastore_admin;

-- metastore:down
drop function search_chunks(text, integer);
drop trigger touch_updated_at on chunks;
drop trigger touch_updated_at on documents;
select release_tenant('chunks');
select release_tenant('documents');

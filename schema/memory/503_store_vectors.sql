-- metastore: priority=P2 requires=502_memory_rules extension=vector description="items found by their meaning"

-- Another module may have made it; rolling back leaves it.
create extension if not exists vector;

-- A row for each text of an item that is found by its meaning. Without a model it waits for its numbers, or for new ones.
create table store_vectors (
  tenant_id uuid not null,
  namespace_path text collate "C" not null,
  key text not null,
  field_path text not null,
  source_hash bytea,
  embedding_model text,
  embedding vector(1536),
  embed_after timestamptz,
  primary key (tenant_id, namespace_path, key, field_path),
  constraint store_vectors_item_fkey foreign key (tenant_id, namespace_path, key)
    references store_items (tenant_id, namespace_path, key) on delete cascade,
  constraint store_vectors_embedding_check check (embedding_model is null or (embedding is not null and source_hash is not null))
);
comment on table store_vectors is 'source_hash is of the model and the text that the embedding was made of; nobody asks for one before embed_after.';
-- POST /store/items/search with a query.
create index store_vectors_embedding on store_vectors using hnsw (embedding vector_cosine_ops);
-- What waits for the model.
create index store_vectors_model on store_vectors (embedding_model);

select isolate_tenant('store_vectors');

-- Whoever changes an item need not know of vectors: what they were made of is no more. Who does says so again afterwards.
create function outdate_vectors() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
  update store_vectors set embedding_model = null
  where tenant_id = new.tenant_id and namespace_path = new.namespace_path and key = new.key;
  return null;
end
$$;
create trigger outdate_vectors after update of value on store_items
  for each row when (old.value is distinct from new.value) execute function outdate_vectors();

-- metastore:down
drop trigger outdate_vectors on store_items;
drop function outdate_vectors();
select release_tenant('store_vectors');
drop table store_vectors;

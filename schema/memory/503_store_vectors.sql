-- metastore: priority=P2 requires=502_memory_rules extension=vector description="items found by their meaning"

-- Another module may have made it; rolling back leaves it.
create extension if not exists vector;

create table store_vectors (
  tenant_id uuid not null,
  namespace_path text collate "C" not null,
  key text not null,
  field_path text not null,
  embedding vector(1536) not null,
  primary key (tenant_id, namespace_path, key, field_path),
  constraint store_vectors_item_fkey foreign key (tenant_id, namespace_path, key)
    references store_items (tenant_id, namespace_path, key) on delete cascade
);
-- POST /store/items/search with a query.
create index store_vectors_embedding on store_vectors using hnsw (embedding vector_cosine_ops);

select isolate_tenant('store_vectors');

-- metastore:down
select release_tenant('store_vectors');
drop table store_vectors;

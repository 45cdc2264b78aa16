-- metastore: priority=P1 requires=501_memory description="who sees which items"

select isolate_tenant('store_items');

-- Reading an item may prolong its life, which is no change of it.
create trigger touch_updated_at before update of value, value_exact, search, ttl_minutes on store_items
  for each row execute function touch_updated_at();

-- metastore:down
drop trigger touch_updated_at on store_items;
select release_tenant('store_items');

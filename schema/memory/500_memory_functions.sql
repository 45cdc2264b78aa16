-- metastore: priority=P1 requires=102_tenancy_rules description="namespaces as text, which an index can find by their beginning"

-- A dot after each label; no label has one in it.
create function namespace_path(namespace text[]) returns text
language sql immutable strict parallel safe
as $$ select case when cardinality(namespace) = 0 then '' else array_to_string(namespace, '.') || '.' end $$;

-- metastore:down
drop function namespace_path(text[]);

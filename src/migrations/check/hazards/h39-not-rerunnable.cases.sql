=== finds P2: a database made
-- metastore: no-transaction
create database app;
=== finds P2: a body that may commit
-- metastore: no-transaction
do $$ begin perform 1; end $$;
=== silent: in a transaction
do $$ begin perform 1; end $$;
=== false alarm: a concurrent index, which the catalog tells
-- metastore: no-transaction
create index concurrently i on threads (title);
=== false alarm: what can be repeated
-- metastore: no-transaction
vacuum threads;
=== false alarm: what can be in a transaction, and is noted with it
-- metastore: no-transaction
alter table threads add column n int;

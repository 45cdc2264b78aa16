=== finds P0: a transaction that is never committed
-- metastore: no-transaction
begin;
alter table threads add column n int;
=== finds P0: COMMIT in a body that is in a transaction
do $$ begin update threads set n = 1 where id = 1; commit; end $$;
=== silent: a transaction of the file's own
-- metastore: no-transaction
begin;
alter table threads add column n int;
commit;
=== false alarm: BEGIN and COMMIT around all of a file
begin;
alter table threads add column n int;
commit;
=== false alarm: COMMIT in a body on its own
-- metastore: no-transaction
do $$ begin update threads set n = 1 where id = 1; commit; end $$;

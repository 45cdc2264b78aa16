=== finds P0: in a transaction of the file's own
-- metastore: no-transaction
begin;
create index concurrently i on threads (title);
commit;
=== finds P0: in a DO block
do $$ begin create index concurrently i on threads (title); end $$;
=== finds P0: in a function that the file calls
create function f() returns void language plpgsql as $$ begin execute 'vacuum threads'; end $$;
select f();
=== silent: in a function that nobody calls here
create function f() returns void language plpgsql as $$ begin execute 'vacuum threads'; end $$;
=== silent: on its own
-- metastore: no-transaction
create index concurrently i on threads (title);
=== false alarm: beside a transaction of the file's own
-- metastore: no-transaction
begin;
alter table threads add column note text;
commit;
create index concurrently i on threads (title);
=== false alarm: a file in a transaction, which its reader refuses
create index concurrently i on threads (title);

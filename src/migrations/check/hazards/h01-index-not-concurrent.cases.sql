=== finds P1: an index on a table that is there
create index threads_title on threads (title);
--- setup
create table threads (id bigint primary key, title text);
=== finds P1: a unique, partial, descending index of another kind
create unique index on threads using btree (title desc nulls last) where title <> '';
--- setup
create table threads (id bigint primary key, title text);
=== finds P1: an index on a table that an earlier file made
create index i on threads (title);
--- earlier
create table threads (id bigint primary key, title text);
=== finds P1: an index that a DO block builds from a string
do $$ begin execute 'create index i on threads (title)'; end $$;
=== finds P1: an index for each table, with names from a query
do $$ declare r record; begin
  for r in select 'threads' as t loop execute format('create index on %I (title)', r.t); end loop;
end $$;
=== finds P1: a large table, with what it costs
create index i on threads (title);
--- statistics
threads 12000000 3100000000
=== finds P2: a small table
create index i on threads (title);
--- statistics
threads 300 81920
=== finds P0: a huge table
create index i on threads (title);
--- statistics
threads 900000000 310000000000
=== silent: a concurrent index
create index concurrently i on threads (title);
=== silent: only the parent of partitions
create index i on only threads (title);
=== false alarm: a table that is new in the file
create table threads (id bigint primary key, title text);
create index i on threads (title);
=== false alarm: a table that was made under another name
create table t2 (id bigint primary key, title text);
alter table t2 rename to threads;
create index i on threads (title);
=== false alarm: a copy that SELECT INTO makes
select * into copy from threads;
create index i on copy (title);
=== false alarm: the catalog has no such table yet
create table if not exists threads (id bigint primary key, title text);
create index i on threads (title);
--- catalog
create table other (id int);
=== finds P1: a table that may be there, and is
create table if not exists threads (id bigint primary key, title text);
create index i on threads (title);
--- catalog
create table threads (id bigint primary key, title text);
=== finds P1: a materialized view of the catalog
create index i on titles (id);
--- catalog
create materialized view titles as select 1 as id;

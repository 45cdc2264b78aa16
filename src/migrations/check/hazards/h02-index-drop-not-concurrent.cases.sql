=== finds P1: an index of a table that is there
drop index threads_title;
--- setup
create table threads (id bigint primary key, title text);
create index threads_title on threads (title);
=== finds P1: several at once
drop index a, b;
=== silent: concurrently
drop index concurrently threads_title;
=== false alarm: an index that the file has just made
create index threads_title on threads (title);
drop index threads_title;
=== false alarm: an index of a partitioned table, where CONCURRENTLY is refused
drop index parts_title;
--- catalog
create table parts (id bigint, title text) partition by range (id);
create index parts_title on parts (title);
=== finds P1: an index of a materialized view of the catalog
drop index i;
--- catalog
create materialized view titles as select 1 as id;
create index i on titles (id);

=== finds P1: a table
drop table threads;
--- setup
create table threads (id bigint primary key);
=== finds P0: a table with rows
drop table threads;
--- statistics
threads 1000000 81920000
=== finds P2: an empty table
drop table threads;
--- statistics
threads 0 0
=== finds P1: a schema
drop schema app;
=== finds P0: a database
-- metastore: no-transaction
drop database app;
=== silent: a view
drop view v;
=== false alarm: a table that the file has made
create table t (id int);
drop table t;
=== false alarm: a table from a string that is no statement
do $$ begin perform 'drop table threads'; end $$;

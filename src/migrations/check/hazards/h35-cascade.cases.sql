=== finds P1: a table with all that depends on it
drop table threads cascade;
--- setup
create table threads (id bigint primary key);
=== finds P1: what the catalog knows to go
drop table threads cascade;
--- catalog
create table threads (id bigint primary key);
create table messages (id bigint primary key, thread_id bigint references threads);
create view titles as select id from threads;
=== finds P1: a column
alter table threads drop column title cascade;
--- setup
create table threads (id bigint primary key, title text);
=== finds P1: all rows
truncate threads;
=== finds P1: all rows, and those of others
truncate threads cascade;
--- setup
create table threads (id bigint primary key);
=== finds P0: all rows, with their number
truncate threads;
--- statistics
threads 1000 81920
=== silent: without CASCADE
drop table threads;
=== false alarm: nothing depends on it
drop table threads cascade;
--- catalog
create table threads (id bigint primary key);
=== false alarm: a table that is new
create table threads (id bigint primary key);
truncate threads cascade;
drop table threads cascade;

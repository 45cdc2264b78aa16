=== finds P1: a partition detached
alter table parts detach partition parts_1;
--- setup
create table parts (id bigint primary key) partition by range (id);
create table parts_1 partition of parts for values from (0) to (1000);
=== silent: concurrently
-- metastore: no-transaction
alter table parts detach partition parts_1 concurrently;
=== false alarm: a default partition, with which CONCURRENTLY is refused
alter table parts detach partition parts_1;
--- catalog
create table parts (id bigint primary key) partition by range (id);
create table parts_1 partition of parts for values from (0) to (1000);
create table parts_0 partition of parts default;
=== false alarm: a table that is new
create table parts (id bigint primary key) partition by range (id);
create table parts_1 partition of parts for values from (0) to (1000);
alter table parts detach partition parts_1;

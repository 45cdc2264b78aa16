=== finds P1: a table that is there
alter table parts attach partition old for values from (0) to (1000);
=== finds P1: a table of the catalog without a check
alter table parts attach partition old for values from (0) to (1000);
--- catalog
create table parts (id bigint primary key) partition by range (id);
create table old (id bigint primary key);
=== silent: a partition that is made as one
create table parts_1 partition of parts for values from (0) to (1000);
=== false alarm: a check that matches
alter table parts attach partition old for values from (0) to (1000);
--- catalog
create table parts (id bigint primary key) partition by range (id);
create table old (id bigint primary key, check (id >= 0 and id < 1000));
=== false alarm: a check of the file itself
-- metastore: no-transaction
alter table old add constraint c check (id >= 0 and id < 1000) not valid;
alter table old validate constraint c;
alter table parts attach partition old for values from (0) to (1000);
=== false alarm: a table that is new
create table parts_1 (id bigint primary key);
alter table parts attach partition parts_1 for values from (0) to (1000);

=== finds P1: an index on a partitioned table
create index parts_title on parts (title);
--- catalog
create table parts (id bigint, title text, primary key (id)) partition by range (id);
create table parts_1 partition of parts for values from (0) to (1000);
=== finds P0: concurrently, which is refused
create index concurrently i on parts (title);
--- catalog
create table parts (id bigint, title text) partition by range (id);
=== finds P1: a table that an earlier file made partitioned
create index i on parts (title);
--- earlier
create table parts (id bigint, title text) partition by range (id);
=== silent: with ON ONLY
create index i on only parts (title);
--- catalog
create table parts (id bigint, title text) partition by range (id);
=== false alarm: a plain table
create index i on threads (title);
--- catalog
create table threads (id bigint, title text);
=== false alarm: a partitioned table that is new
create table parts (id bigint, title text) partition by range (id);
create index i on parts (title);

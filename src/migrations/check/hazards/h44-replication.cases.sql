=== finds P1: autovacuum off
alter table threads set (autovacuum_enabled = false);
=== finds P1: no replica identity
alter table threads replica identity nothing;
=== finds P2: the whole row as replica identity
alter table threads replica identity full;
=== finds P1: a table leaves a publication
alter publication feed drop table threads;
=== finds P1: a publication dropped
drop publication feed;
=== finds P1: a publication of other tables
alter publication feed set table threads;
=== silent: a table joins a publication
alter publication feed add table threads;
=== false alarm: autovacuum tuned
alter table threads set (autovacuum_vacuum_scale_factor = 0.02);
=== false alarm: autovacuum on
alter table threads set (autovacuum_enabled = true);
=== false alarm: a table that is new
create table threads (id int);
alter table threads set (autovacuum_enabled = false);
alter table threads replica identity full;

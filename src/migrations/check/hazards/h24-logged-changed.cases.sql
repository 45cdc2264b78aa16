=== finds P1: logged
alter table cache set logged;
=== finds P1: unlogged
alter table cache set unlogged;
=== silent: something else
alter table cache set (fillfactor = 90);
=== false alarm: it is so already
alter table cache set logged;
--- catalog
create table cache (id int);
=== false alarm: a table that is new
create unlogged table cache (id int);
alter table cache set logged;

=== finds P1: a name that is cut off
create index aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa on threads (title);
=== finds P0: two columns of one name
create table t (a int, b int, a text);
=== finds P0: one table twice
create table t (a int);
create table t (a int);
=== finds P2: no schema behind a search path
set search_path = app;
create table t (a int);
=== silent: short names
create table t (a int, b int);
=== false alarm: a table that was dropped between
create table t (a int);
drop table t;
create table t (a int);
=== false alarm: a name of 63 bytes
create index aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa on threads (title);
=== false alarm: a schema behind a search path
set search_path = app;
create table app.t (a int);
=== false alarm: a table of that name elsewhere
create table a.t (a int);
create table b.t (a int);

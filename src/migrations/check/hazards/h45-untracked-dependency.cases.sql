=== finds P2: a function dropped
drop function touch();
=== finds P2: a view dropped
drop view titles;
=== finds P1: an extension dropped
drop extension citext;
=== finds P2: an extension upgraded
alter extension vector update;
=== finds P1: a function replaced that an index uses
create or replace function norm(t text) returns text language sql immutable as 'select lower(t)';
--- catalog
create function norm(t text) returns text language sql immutable as 'select upper(t)';
create table threads (id bigint primary key, title text);
create index threads_norm on threads (norm(title));
=== silent: a function made
create function touch() returns void language sql as 'select 1';
=== false alarm: a function that is made again
drop function touch();
create function touch() returns int language sql as 'select 1';
=== false alarm: a function replaced that no index uses
create or replace function norm(t text) returns text language sql immutable as 'select lower(t)';
--- catalog
create function norm(t text) returns text language sql immutable as 'select upper(t)';

=== finds P1: an identity column
alter table threads add column n bigint generated always as identity;
--- setup
create table threads (id bigint primary key);
=== silent: no identity
alter table threads add column n bigint;
=== false alarm: a table that is new
create table threads (id text primary key);
alter table threads add column n bigint generated always as identity;
=== false alarm: a column that is there becomes one
alter table threads alter column n add generated always as identity;

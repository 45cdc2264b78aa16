=== finds P1: a random value
alter table threads add column token uuid not null default gen_random_uuid();
--- setup
create table threads (id bigint primary key);
=== finds P1: a serial column
alter table threads add column n bigserial;
=== finds P1: a volatile function of the database's own
alter table threads add column n int default next_number();
--- catalog
create table threads (id bigint primary key);
create function next_number() returns int language sql volatile as 'select 1';
=== silent: a constant
alter table threads add column n int default 1 + 1;
=== false alarm: now(), which is the same for every row
alter table threads add column made timestamptz not null default now();
=== false alarm: an immutable function of the database's own
alter table threads add column n int default one();
--- catalog
create table threads (id bigint primary key);
create function one() returns int language sql immutable as 'select 1';
=== false alarm: a table that is new
create table threads (id bigint primary key);
alter table threads add column token uuid default gen_random_uuid();
=== false alarm: a default for new rows only
alter table threads alter column token set default gen_random_uuid();

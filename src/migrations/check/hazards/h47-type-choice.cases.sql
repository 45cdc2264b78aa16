=== finds P2: a small key
create table t (id int primary key, a text);
--- setup
select 1;
=== finds P2: a serial key
create table t (id serial primary key);
--- setup
select 1;
=== finds P2: a large serial key
create table t (id BigSerial primary key, /* ° */ n serial not null);
--- setup
select 1;
=== finds P2: a key that is named behind the columns
create table t (id smallint, primary key (id));
--- setup
select 1;
=== finds P2: char(n)
create table t (id bigint primary key, code char(3));
=== finds P2: a timestamp without a zone
alter table t add column made timestamp;
--- setup
create table t (id bigint primary key);
=== finds P2: an order that wastes room
create table t (a boolean, b bigint, c boolean, d bigint, e boolean, f bigint);
=== finds P2: a name that has to be quoted
create table "Threads" (id bigint primary key);
=== silent: good choices
create table t (id bigint generated always as identity primary key, made timestamptz not null, title text, n int);
=== false alarm: a temporary table
create temp table t (id int primary key, made timestamp);
=== false alarm: a small column that is no key
create table t (id bigint primary key, n smallint, parts int[]);
=== false alarm: a key of two columns
create table t (tenant bigint, n int, primary key (tenant, n));

=== finds P1: an unknown type
alter table threads alter column n type bigint;
--- setup
create table threads (id bigint primary key, n int);
=== finds P1: int to bigint
alter table threads alter column n type bigint;
--- catalog
create table threads (id bigint primary key, n int);
=== finds P1: with USING
alter table threads alter column n type integer using n::integer;
--- setup
create table threads (id bigint primary key, n text);
=== finds P1: a type that an earlier file said
alter table threads alter column n type timestamptz;
--- earlier
create table threads (id bigint primary key, n timestamp);
=== silent: a default changed
alter table threads alter column n set default 1;
=== false alarm: varchar to text
alter table threads alter column title type text;
--- catalog
create table threads (id bigint primary key, title varchar(20));
=== false alarm: a longer varchar
alter table threads alter column title type varchar(50);
--- earlier
create table threads (id bigint primary key, title varchar(20));
=== false alarm: a wider numeric
alter table threads alter column price type numeric(12,2);
--- catalog
create table threads (id bigint primary key, price numeric(10,2));
=== false alarm: the same type
alter table threads alter column n type integer;
--- catalog
create table threads (id bigint primary key, n int);
=== false alarm: a table that is new
create table threads (id bigint primary key, n int);
alter table threads alter column n type bigint;

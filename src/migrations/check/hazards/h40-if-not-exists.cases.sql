=== finds P2: a table
create table if not exists threads (id bigint primary key);
--- setup
select 1;
=== finds P2: an index
create index if not exists i on threads (title);
--- setup
create table threads (id bigint primary key, title text);
=== finds P2: a column
alter table threads add column if not exists title text;
--- setup
create table threads (id bigint primary key);
=== finds P1: another index of that name
create index concurrently if not exists i on threads (title);
--- catalog
create table threads (id bigint primary key, title text, note text);
create index i on threads (note);
=== finds P1: a table of that name without a column
create table if not exists threads (id bigint primary key, title text);
--- catalog
create table threads (id bigint primary key);
=== finds P1: a column of that name of another type
alter table threads add column if not exists n bigint;
--- catalog
create table threads (id bigint primary key, n text);
=== finds P1: an invalid index, which a plain build takes for the right one
create index if not exists i on parts (title);
--- catalog
create table parts (id bigint, title text) partition by range (id);
create table parts_1 partition of parts for values from (0) to (1000);
create index i on only parts (title);
=== silent: without it
create index i on threads (title);
=== silent: a concurrent index, whose validity the engine looks at
create index concurrently if not exists i on threads (title);
=== false alarm: an index that is the same
create index if not exists i on threads (title);
--- catalog
create table threads (id bigint primary key, title text);
create index i on threads (title);
=== false alarm: a table that is the same
create table if not exists threads (id bigint primary key, title varchar(20));
--- catalog
create table threads (id bigint primary key, title varchar(20));
=== false alarm: nothing of that name
create index if not exists i on threads (title);
--- catalog
create table threads (id bigint primary key, title text);

=== finds P1: a shorter varchar
alter table threads alter column title type varchar(10);
--- catalog
create table threads (id bigint primary key, title varchar(20));
=== finds P1: text with a limit
alter table threads alter column title type varchar(10);
--- earlier
create table threads (id bigint primary key, title text);
=== finds P1: a smaller integer
alter table threads alter column n type int;
--- catalog
create table threads (id bigint primary key, n bigint);
=== finds P2: an unknown type, with a limit
alter table threads alter column title type varchar(10);
=== silent: no limit
alter table threads alter column title type text;
=== false alarm: a longer varchar
alter table threads alter column title type varchar(50);
--- catalog
create table threads (id bigint primary key, title varchar(20));
=== false alarm: a wider numeric
alter table threads alter column price type numeric(12,2);
--- earlier
create table threads (id bigint primary key, price numeric(10,2));

=== finds P1: another collation
alter table threads alter column title type text collate "C";
=== silent: no collation
alter table threads alter column title type text;
=== false alarm: the one it has
alter table threads alter column title type text collate "C";
--- catalog
create table threads (id bigint primary key, title text collate "C");
=== false alarm: a table that is new
create table threads (id bigint primary key, title text);
alter table threads alter column title type text collate "C";

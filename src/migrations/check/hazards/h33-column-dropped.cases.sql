=== finds P1: a column
alter table threads drop column title;
--- setup
create table threads (id bigint primary key, title text);
=== finds P2: of an empty table
alter table threads drop column title;
--- statistics
threads 0 0
=== silent: a default dropped
alter table threads alter column title drop default;
=== false alarm: a column that the file has made
alter table threads add column t text;
alter table threads drop column t;
=== false alarm: a table that is new
create table threads (id bigint primary key, title text);
alter table threads drop column title;

=== finds P1: a table
alter table threads rename to conversations;
--- setup
create table threads (id bigint primary key);
=== finds P1: a column
alter table threads rename column title to subject;
--- setup
create table threads (id bigint primary key, title text);
=== finds P1: another schema
alter table threads set schema old;
=== finds P1: a view of the catalog
alter view titles rename to subjects;
--- catalog
create view titles as select 1 as id;
=== finds P1: a column of a view of the catalog
alter view titles rename column id to number;
--- catalog
create view titles as select 1 as id;
=== silent: a constraint
alter table threads rename constraint a to b;
=== false alarm: a view takes the old name
alter table threads rename to conversations;
create view threads as select id from conversations;
=== false alarm: a table that is new
create table t2 (id int);
alter table t2 rename to t3;
=== false alarm: a column that is new
alter table threads add column a int;
alter table threads rename column a to b;

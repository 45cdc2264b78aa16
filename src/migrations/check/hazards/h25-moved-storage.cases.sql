=== finds P1: a table moved
alter table threads set tablespace fast;
=== finds P1: an access method
alter table threads set access method heap2;
=== finds P1: an index moved
alter index threads_pkey set tablespace fast;
=== finds P1: everything moved
alter table all in tablespace slow set tablespace fast;
=== silent: where temporary files go
set temp_tablespaces = 'fast';
=== false alarm: a table that is new
create table threads (id int);
alter table threads set tablespace fast;

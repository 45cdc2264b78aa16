=== finds P1: every row updated
update threads set title = '';
=== finds P1: every row deleted
delete from threads;
=== finds P1: a condition that is always true
delete from threads where true;
=== finds P1: a new column filled
alter table threads add column owner text;
update threads set owner = 'nobody' where owner is null;
=== finds P1: every row updated in a loop
do $$ begin update threads set title = ''; end $$;
=== finds P0: a large table
update threads set title = '';
--- statistics
threads 12000000 3100000000
=== finds P1: every row deleted within a query
with gone as (delete from threads returning *) insert into old_threads select * from gone;
=== false alarm: a rule that deletes later
create rule r as on delete to threads do also delete from messages;
=== silent: some rows
update threads set title = '' where id = 1;
=== false alarm: a condition that leaves rows out
update threads set title = '' where title is null;
=== false alarm: a table that is new
create table threads (id int, title text);
update threads set title = '';
=== false alarm: in a function that nobody calls here
create function purge() returns void language sql as 'delete from cache';

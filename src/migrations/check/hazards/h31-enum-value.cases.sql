=== finds P2: no position
alter type status add value 'paused';
=== finds P0: used in the same transaction
alter type status add value 'paused' after 'active';
update threads set status = 'paused' where id = 1;
=== silent: a position
alter type status add value 'paused' before 'done';
=== silent: a value renamed
alter type status rename value 'a' to 'b';
=== false alarm: used on its own
-- metastore: no-transaction
alter type status add value 'paused' after 'active';
update threads set status = 'paused' where id = 1;
=== false alarm: an enum that is new
create type status as enum ('a');
alter type status add value 'paused';
update threads set status = 'paused' where id = 1;

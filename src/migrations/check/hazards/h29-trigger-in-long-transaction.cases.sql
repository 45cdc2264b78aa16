=== finds P1: rows written afterwards
create trigger touch before update on threads for each row execute function touch();
update threads set title = '' where title is null;
=== finds P1: an index built afterwards
create trigger touch before update on threads for each row execute function touch();
create index i on messages (id);
=== silent: alone
create trigger touch before update on threads for each row execute function touch();
=== false alarm: rows written before
update threads set title = '' where title is null;
create trigger touch before update on threads for each row execute function touch();
=== false alarm: each on its own
-- metastore: no-transaction
create trigger touch before update on threads for each row execute function touch();
update threads set title = '' where title is null;
=== false alarm: a table that is new
create table threads (id int);
create trigger touch before update on threads for each row execute function touch();
update messages set id = 1 where id = 2;

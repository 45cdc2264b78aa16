=== finds P1: both in one file
alter table threads add constraint short check (length(title) < 200) not valid;
alter table threads validate constraint short;
--- setup
create table threads (id bigint primary key, title text);
=== finds P1: both in one transaction of the file's own
-- metastore: no-transaction
begin;
alter table threads add constraint short check (length(title) < 200) not valid;
alter table threads validate constraint short;
commit;
=== silent: each on its own
-- metastore: no-transaction
alter table threads add constraint short check (length(title) < 200) not valid;
alter table threads validate constraint short;
=== false alarm: a constraint of an earlier migration
alter table threads validate constraint short;
=== false alarm: a constraint of that name on another table
alter table messages add constraint short check (length(title) < 200) not valid;
alter table threads validate constraint short;

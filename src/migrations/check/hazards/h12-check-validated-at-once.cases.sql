=== finds P1: a check
alter table threads add constraint short check (length(title) < 200);
--- setup
create table threads (id bigint primary key, title text);
=== finds P1: without a name, with é before it
/* é */ alter table threads add check (title <> '日本');
--- setup
create table threads (id bigint primary key, title text);
=== finds P1: behind a new column
alter table threads add column n int check (n > 0);
=== silent: not valid
alter table threads add constraint short check (length(title) < 200) not valid;
=== silent: not enforced
alter table threads add constraint short check (length(title) < 200) not enforced;
=== false alarm: a table that is new
create table threads (id bigint primary key, title text);
alter table threads add check (title <> '');

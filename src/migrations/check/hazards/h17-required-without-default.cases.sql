=== finds P0: no default
alter table threads add column owner text not null;
=== finds P1: an empty table
alter table threads add column owner text not null;
--- statistics
threads 0 0
=== silent: with a default
alter table threads add column owner text not null default '';
=== silent: nullable
alter table threads add column owner text;
=== false alarm: a sequence gives it a value
alter table threads add column n bigserial not null;
=== false alarm: a table that is new
create table threads (id bigint primary key);
alter table threads add column owner text not null;

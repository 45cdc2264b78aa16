=== finds P1: a column that may take NULL
alter table threads alter column title set not null;
--- setup
create table threads (id bigint primary key, title text);
=== finds P2: a table of a million rows
alter table threads alter column title set not null;
--- statistics
threads 1000000 81920000
=== silent: NOT NULL dropped
alter table threads alter column title drop not null;
=== false alarm: a check in the catalog proves it
alter table threads alter column title set not null;
--- catalog
create table threads (id bigint primary key, title text constraint c check (title is not null));
=== finds P1: a check in the catalog that is not validated
alter table threads alter column title set not null;
--- catalog
create table threads (id bigint primary key, title text);
alter table threads add constraint c check (title is not null) not valid;
=== false alarm: a check of the file itself proves it
-- metastore: no-transaction
alter table threads add constraint c check (title is not null) not valid;
alter table threads validate constraint c;
alter table threads alter column title set not null;
=== false alarm: it takes no NULL already
alter table threads alter column id set not null;
--- earlier
create table threads (id bigint primary key, title text);
=== false alarm: a table that is new
create table threads (id bigint primary key, title text);
alter table threads alter column title set not null;

=== finds P2: NOT NULL
alter table threads alter column title drop not null;
--- setup
create table threads (id bigint primary key, title text not null);
=== finds P2: a constraint
alter table threads drop constraint short;
=== finds P2: a check of the catalog
alter table threads drop constraint short;
--- catalog
create table threads (id bigint primary key, title text constraint short check (length(title) < 20));
=== finds P2: a foreign key of the catalog
alter table messages drop constraint fk;
--- catalog
create table threads (id bigint primary key);
create table messages (id bigint primary key, thread_id bigint constraint fk references threads);
=== finds P1: a primary key
alter table threads drop constraint threads_pkey;
--- catalog
create table threads (id bigint primary key);
=== silent: a default
alter table threads alter column title drop default;
=== false alarm: a constraint that the file has added
-- metastore: no-transaction
alter table threads add constraint c check (title is not null) not valid;
alter table threads validate constraint c;
alter table threads alter column title set not null;
alter table threads drop constraint c;
=== false alarm: a constraint that is added again
alter table threads drop constraint c, add constraint c check (n > 1) not valid;

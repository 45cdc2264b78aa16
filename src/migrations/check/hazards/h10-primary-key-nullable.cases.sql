=== finds P1: a column that takes NULL
alter table users add primary key (id);
--- catalog
create table users (id bigint, email text);
=== finds P1: an index over a column that takes NULL
alter table users add constraint users_pkey primary key using index users_id;
--- catalog
create table users (id bigint, email text);
create unique index users_id on users (id);
=== finds P1: a column that an earlier file made so
alter table users add primary key (id);
--- earlier
create table users (id bigint, email text);
=== silent: nothing is known
alter table users add primary key (id);
=== false alarm: a column that takes none
alter table users add primary key (id);
--- catalog
create table users (id bigint not null, email text);
=== false alarm: a check that proves it
alter table users add primary key ("Id");
--- catalog
create table users ("Id" bigint check ("Id" is not null), email text);

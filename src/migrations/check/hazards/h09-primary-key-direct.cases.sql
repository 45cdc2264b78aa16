=== finds P1: a primary key
alter table users add primary key (id);
--- setup
create table users (id bigint not null, email text);
=== finds P1: another primary key
alter table users drop constraint users_pkey, add constraint users_pkey primary key (tenant, id);
=== silent: from an index
alter table users add constraint users_pkey primary key using index users_id;
=== false alarm: a table that is new
create table users (id bigint);
alter table users add primary key (id);

=== finds P1: a unique constraint
alter table users add constraint users_email_key unique (email);
--- setup
create table users (id bigint primary key, email text);
=== finds P1: without a name
alter table users add unique (email, "Tenant");
--- setup
create table users (id bigint primary key, email text, "Tenant" text);
=== finds P1: behind a new column
alter table users add column email text unique;
=== silent: from an index
alter table users add constraint users_email_key unique using index users_email;
=== false alarm: a table that is new
create table users (id bigint primary key, email text);
alter table users add unique (email);

=== finds P1: a foreign key
alter table messages add constraint messages_thread_fkey foreign key (thread_id) references threads (id) on delete cascade;
--- setup
create table threads (id bigint primary key);
create table messages (id bigint primary key, thread_id bigint);
=== finds P1: without a name
alter table messages add foreign key (thread_id) references threads (id);
--- setup
create table threads (id bigint primary key);
create table messages (id bigint primary key, thread_id bigint);
=== finds P1: behind a new column with a default
alter table messages add column thread_id bigint default 1 references threads (id);
=== silent: not valid
alter table messages add foreign key (thread_id) references threads (id) not valid;
=== false alarm: behind a new column, all of which is null
alter table messages add column thread_id bigint references threads (id);
=== false alarm: a table that is new
create table messages (id bigint primary key, thread_id bigint);
alter table messages add foreign key (thread_id) references threads (id);

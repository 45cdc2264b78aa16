=== finds P1: a stored column
alter table threads add column shout text generated always as (upper(title)) stored;
--- setup
create table threads (id bigint primary key, title text);
=== silent: a virtual one
alter table threads add column shout text generated always as (upper(title)) virtual;
=== false alarm: a table that is new
create table threads (id bigint primary key, title text);
alter table threads add column shout text generated always as (upper(title)) stored;

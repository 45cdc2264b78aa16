=== finds P2: a unique index
create unique index concurrently i on users (email);
=== finds P0: statistics that see few values
create unique index concurrently i on users (country);
--- statistics
users 100000 81920
column users country 0 190
=== silent: an index that is not unique
create index i on users (email);
=== false alarm: a table that is new
create table users (id bigint, email text unique);
create unique index i on users (email);
=== false alarm: a key on fewer of the columns
create unique index concurrently i on users (id, email);
--- catalog
create table users (id bigint primary key, email text);
=== false alarm: statistics in which all values differ
create unique index concurrently i on users (email);
--- statistics
users 100000 81920
column users email 0.2 -1

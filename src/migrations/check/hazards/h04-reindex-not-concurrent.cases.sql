=== finds P1: a table
reindex table threads;
--- setup
create table threads (id bigint primary key);
=== finds P1: an index, with options
reindex (verbose) index threads_pkey;
--- setup
create table threads (id bigint primary key);
=== finds P1: a schema
reindex schema public;
=== silent: concurrently
reindex index concurrently threads_pkey;
=== silent: concurrently, among the options
reindex (concurrently, verbose) table threads;
=== false alarm: a table that is new
create table threads (id bigint primary key);
reindex table threads;

=== finds P1: vacuum full
-- metastore: no-transaction
vacuum full threads;
=== finds P1: vacuum full of everything
-- metastore: no-transaction
vacuum (full, analyze);
=== finds P1: cluster
cluster threads using threads_pkey;
=== silent: a plain vacuum
-- metastore: no-transaction
vacuum (analyze) threads;
=== false alarm: FULL that is off
-- metastore: no-transaction
vacuum (full false) threads;
=== false alarm: a table that is new
create table threads (id int primary key);
cluster threads using threads_pkey;

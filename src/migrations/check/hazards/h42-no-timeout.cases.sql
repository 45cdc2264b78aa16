=== finds P1: no limit
set lock_timeout = 0;
=== finds P1: back to the server's
reset lock_timeout;
=== finds P1: a long wait
set local lock_timeout = '10min';
=== finds P2: no limit on a statement
set local statement_timeout = 0;
=== silent: a short wait
set local lock_timeout = '2s';
=== silent: a long statement
set local statement_timeout = '2h';
=== false alarm: nothing is said
alter table threads add column n int;
=== false alarm: another setting
set local work_mem = '1GB';

=== finds P1: an index that is used
drop index concurrently threads_title;
--- statistics
threads 1000 81920
index threads_title threads 2500000
=== silent: nothing is known
drop index threads_title;
=== false alarm: an index that nothing uses
drop index threads_title;
--- statistics
threads 1000 81920
index threads_title threads 0

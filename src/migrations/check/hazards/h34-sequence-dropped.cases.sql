=== finds P1: a sequence
drop sequence numbers;
=== silent: a sequence altered
alter sequence numbers restart;
=== false alarm: a sequence that the file has made
create sequence numbers;
drop sequence numbers;

=== finds P1: an exclusion constraint
alter table bookings add constraint once exclude using gist (room with =, during with &&);
=== silent: a check
alter table bookings add constraint c check (room > 0) not valid;
=== false alarm: a table that is new
create table bookings (room int, during tsrange);
alter table bookings add exclude using gist (during with &&);

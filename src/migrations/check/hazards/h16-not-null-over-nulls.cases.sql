=== finds P2: nulls may be there
alter table threads alter column title set not null;
=== finds P0: nulls are there
alter table threads alter column title set not null;
--- statistics
threads 1000000 81920000
column threads title 0.25 -1
=== silent: DROP NOT NULL
alter table threads alter column title drop not null;
=== false alarm: the file fills the column before
update threads set title = '' where title is null;
alter table threads alter column title set not null;
=== false alarm: statistics without nulls
alter table threads alter column title set not null;
--- statistics
threads 1000000 81920000
column threads title 0 -1

=== finds P1: a check added
alter domain email add constraint e check (value like '%@%');
=== finds P1: not null
alter domain email set not null;
=== finds P2: a domain made with a check
create domain email as text check (value like '%@%');
=== silent: a domain without a rule
create domain email as text;
=== silent: not valid
alter domain email add constraint e check (value like '%@%') not valid;
=== false alarm: a domain that no column has
alter domain email add constraint e check (value like '%@%');
--- catalog
create domain email as text;
create table users (id int);
=== finds P1: a domain that a column has
alter domain email add constraint e check (value like '%@%');
--- catalog
create domain email as text;
create table users (id int, mail email);
=== false alarm: a domain that is new
create domain email as text;
alter domain email add constraint e check (value like '%@%');

=== silent: a statement is never its matter
alter table threads add column n int;

-- One object of every kind that a SQLite database has.
create table tenants (
  id text primary key,
  name text not null collate nocase,
  note text default ('a' || 'b') -- a comment, with a comma
);
create table runs (
  id integer primary key autoincrement,
  "Tenant" text references Tenants on update set null on delete cascade deferrable initially deferred,
  parent integer,
  title varchar(40) default 'x, y' constraint titled check (title <> ')' /* not empty, */) unique on conflict replace,
  words integer generated always as (length(title) + 1) stored,
  twice as (words * 2),
  constraint parent_key foreign key (parent) references runs (ID) not deferrable,
  unique ("Tenant", title),
  check (parent is null or parent <> id)
);
create table pairs (a int, b text, primary key (b, a desc)) strict, without rowid;
create index runs_title_idx on runs (lower(title) desc, "Tenant" collate nocase, parent) where parent is not null;
create unique index runs_parent_idx on runs (parent);
create view open_runs as select id, title from runs where title is not null;
create trigger runs_touch after update of title, parent on runs when new.title is not null begin select 1; end;
create trigger open_runs_insert instead of insert on open_runs begin select 1; end;
create trigger runs_delete delete on runs begin select 1; end;
create virtual table search using fts5 (title, body);
create temporary table session_only (id int);
create table metastore_history (id integer primary key);
create table "x'; drop table y --" ("order" int primary key, "Ünïcode 😀" text, [a b] int, `back\slash` int unique);
create index "i.d" on "x'; drop table y --" ("Ünïcode 😀");

/** How large the schema is that catalogs are read of. */
export interface CatalogSize {
  readonly tables: number
}

/** Statements that make a schema as a large application has it: ten columns and three indexes for each table, keys between them. */
export function largeSchema({ tables }: CatalogSize): string[] {
  return [
    `create type state as enum ('new', 'open', 'closed');
    create function touch() returns trigger language plpgsql as
      $body$begin new.updated_at := now(); return new; end$body$`,
    `do $$
    begin
      for i in 1..${tables} loop
        execute format($sql$
          create table table_%1$s (
            id bigint generated always as identity primary key,
            parent_id bigint,
            name varchar(200) not null,
            kind text not null default 'usual',
            state state not null default 'new',
            amount numeric(12, 2) not null default 0,
            tags text[] not null default '{}',
            settings jsonb not null default '{}',
            created_at timestamptz not null default now(),
            updated_at timestamptz not null default now(),
            constraint table_%1$s_amount check (amount >= 0)
          );
          create index table_%1$s_parent on table_%1$s (parent_id);
          create unique index table_%1$s_name on table_%1$s (lower(name)) where state <> 'closed'
        $sql$, i);
        if i > 1 then
          execute format(
            'alter table table_%1$s add constraint table_%1$s_parent foreign key (parent_id) references table_%2$s (id)', i, i - 1);
        end if;
        if i % 10 = 0 then
          execute format('create trigger touch before update on table_%1$s for each row execute function touch()', i);
          execute format('create view view_%1$s as select id, name, amount from table_%1$s where state <> ''closed''', i);
          execute format($sql$create function total_%1$s(parent bigint) returns numeric language sql stable
            return (select sum(amount) from table_%1$s where parent_id = parent)$sql$, i);
        end if;
        -- So many locks of one transaction do not fit into the server's table of locks.
        if i % 100 = 0 then commit; end if;
      end loop;
    end $$`,
  ]
}

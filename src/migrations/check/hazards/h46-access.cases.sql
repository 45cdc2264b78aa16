=== finds P0: row-level security off
alter table threads disable row level security;
=== finds P1: the owner is let off
alter table threads no force row level security;
=== finds P1: a policy that lets everything
create policy all_rows on threads using (true);
=== finds P1: a grant to everybody
grant select on threads to public;
=== finds P2: all privileges
grant all on threads to app;
=== finds P1: SECURITY DEFINER without a path
create function f() returns void language sql security definer as 'select 1';
=== finds P2: SQL that is put together
create function f(t text) returns void language plpgsql as $$ begin execute 'delete from ' || t; end $$;
=== finds P1: a role that no policy binds
alter role app bypassrls;
=== silent: row-level security on
alter table threads enable row level security;
=== silent: a grant to a role
grant select, insert on threads to app;
=== false alarm: a policy with a condition
create policy own on threads using (tenant = current_setting('app.tenant'));
=== false alarm: a restrictive policy
create policy own on threads as restrictive using (true);
=== false alarm: SECURITY DEFINER with a path
create function f() returns void language sql security definer set search_path = '' as 'select 1';
=== false alarm: SQL that is put together of quoted parts
create function f(t text) returns void language plpgsql as $$ begin execute 'delete from ' || quote_ident(t); execute format('delete from %I', t); end $$;
=== false alarm: a trigger's EXECUTE FUNCTION
create trigger t before insert on threads for each row execute function f();

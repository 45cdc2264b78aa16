-- metastore: priority=P0 requires=100_tenancy_functions,101_tenancy description="who sees which tenant"

insert into tenants (id, name, domain) values
  (shared_tenant(), 'shared', 'shared'),
  ('00000000-0000-0000-0000-000000000001', 'default', 'default');

-- The one table that is not owned by a tenant. The application sees the tenant it acts for; who finds a tenant by its name,
-- before there is one, is metastore_admin.
alter table tenants enable row level security;
alter table tenants force row level security;
create policy tenant_isolation on tenants for select to metastore_app using (id = current_tenant());
-- metastore: allow H46 because the administrator works across tenants
create policy admin_access on tenants to metastore_admin using (true) with check (true);
-- metastore: allow H46 because the owner migrates and seeds, and a forced table would silently update nothing
create policy owner_access on tenants to current_user using (true) with check (true);
comment on policy admin_access on tenants is 'Works across tenants.';
comment on policy owner_access on tenants is 'Migrates and seeds.';
grant select on tenants to metastore_app;
grant select, insert, update, delete on tenants to metastore_admin;

select isolate_tenant('users');
select isolate_tenant('identities');
select isolate_tenant('api_keys');

create trigger touch_updated_at before update on tenants for each row execute function touch_updated_at();
create trigger touch_updated_at before update on users for each row execute function touch_updated_at();
create trigger touch_updated_at before update on identities for each row execute function touch_updated_at();
create trigger touch_updated_at before update on api_keys for each row execute function touch_updated_at();

-- metastore:down
drop trigger touch_updated_at on api_keys;
drop trigger touch_updated_at on identities;
drop trigger touch_updated_at on users;
drop trigger touch_updated_at on tenants;
select release_tenant('api_keys');
select release_tenant('identities');
select release_tenant('users');
select release_tenant('tenants');
delete from tenants where id in (shared_tenant(), '00000000-0000-0000-0000-000000000001');

import { id, join, literal, raw, sql, type Sql } from '../database/database.ts'

/** The name of the policy that keeps tenants apart. */
export const tenantPolicy = 'tenant_isolation'

/** How a row is known to be the session's. */
export interface TenantCondition {
  readonly column: string
  /** The type of the column. */
  readonly type: string
  /** The session's setting that says who is asking. */
  readonly setting: string
}

/** The statements that let a session see and write the rows of its tenant only, the owner's too. */
export function closeTenants(schema: string, table: string, { column, type, setting }: TenantCondition): Sql[] {
  const own = sql`${id(column)} = ${currentTenant(setting, type)}`
  const target = id(schema, table)
  return [
    sql`
      create policy ${id(tenantPolicy)} on ${target}
        using (${own})
        with check (${own})`,
    sql`alter table ${target} enable row level security`,
    sql`alter table ${target} force row level security`,
  ]
}

/** The statements that take it back; `before` says how row-level security was. */
export function openTenants(schema: string, table: string, before = { enabled: false, forced: false }): Sql[] {
  const target = id(schema, table)
  return [
    ...(before.forced ? [] : [sql`alter table ${target} no force row level security`]),
    ...(before.enabled ? [] : [sql`alter table ${target} disable row level security`]),
    sql`drop policy if exists ${id(tenantPolicy)} on ${target}`,
  ]
}

/** Fails where one of these roles is a superuser or has BYPASSRLS: a policy binds neither. */
export function refuseMightyRoles(roles: readonly string[]): Sql {
  const body = sql`
    declare
      mighty text;
    begin
      select string_agg(quote_ident(rolname), ', ' order by rolname) into mighty
      from pg_catalog.pg_roles
      where rolname in (${join(roles.map((role) => literal(role)))}) and (rolsuper or rolbypassrls);
      if mighty is not null then
        raise insufficient_privilege using
          message = 'Row-level security does not bind ' || mighty || '.',
          hint = 'Take SUPERUSER and BYPASSRLS from the role, or name the role that the application has.';
      end if;
    end`
  return sql`do ${literal(body.inline('postgres'))}`
}

// What the session's tenant is, as a value of the column's type; null, so that no row fits, where none is set.
function currentTenant(setting: string, type: string): Sql {
  // A query of its own, so that it is evaluated once and not for each row. Set locally and reset, a setting is an empty string.
  return sql`(select nullif(current_setting(${literal(setting)}, true), '')::${raw(type)})`
}

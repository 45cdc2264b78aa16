import { sql, type Sql } from '../database/database.ts'

/**
 * For a row `class` of `pg_class`: whether its policies let the current role see and write every row, so that row-level security
 * may be in force. A policy is for its roles and their members, and 0 is everybody (PostgreSQL manual, CREATE POLICY).
 */
export function policiesAreOpen(): Sql {
  return sql`
    not exists (
      select from pg_catalog.pg_policy as policy
      where policy.polrelid = class.oid and not policy.polpermissive and ${applies}
    ) and not exists (
      select from (values ('r'), ('a'), ('w'), ('d')) as command (letter)
      where not exists (
        select from pg_catalog.pg_policy as policy
        where policy.polrelid = class.oid and policy.polpermissive and ${applies}
          and policy.polcmd::text in ('*', command.letter)
          and (command.letter = 'a' or pg_get_expr(policy.polqual, policy.polrelid) = 'true')
          and (command.letter in ('r', 'd')
            or coalesce(pg_get_expr(policy.polwithcheck, policy.polrelid), pg_get_expr(policy.polqual, policy.polrelid))
              = 'true')
      )
    )`
}

const applies = sql`exists (
  select from unnest(policy.polroles) as named (role) where named.role = 0 or pg_has_role(named.role, 'usage'))`

/**
 * For the rest of a transaction, statements see every row or fail. Policies that open every table which binds the role stay in
 * force; otherwise the server refuses what they would change (PostgreSQL manual, row_security).
 */
export function seeEveryRow(): Sql {
  return sql`
    select set_config('row_security', case when bool_and(bound.open) then 'on' else 'off' end, true)
    from (
      select ${policiesAreOpen()} as open from pg_catalog.pg_class as class
      where class.relrowsecurity and row_security_active(class.oid)
    ) as bound`
}

import { roleName } from '../../catalog/catalog.ts'
import type { Policy, Table } from '../../catalog/catalog.ts'
import { id, join, literal, raw, sql, type Sql } from '../../database/database.ts'
import type { Action } from '../actions/action.ts'
import { grantStatements } from '../versions/version-schema.ts'
import type { ModelTable } from './model.ts'

/** What a table had besides columns, constraints and indexes, for one that is made again: who may see and do what, and triggers. */
export function restoreAttached({ name }: Pick<ModelTable, 'name'>, catalog: Table): Action[] {
  const table = id(name)
  const { rowSecurity, replicaIdentity, options } = catalog
  const statements: Sql[] = [
    ...(rowSecurity.enabled ? [sql`alter table ${table} enable row level security`] : []),
    ...(rowSecurity.forced ? [sql`alter table ${table} force row level security`] : []),
    ...(replicaIdentity === 'full' || replicaIdentity === 'nothing'
      ? [sql`alter table ${table} replica identity ${raw(replicaIdentity)}`]
      : []),
    ...Object.entries(options).map(([key, value]) => sql`alter table ${table} set (${id(key)} = ${literal(value)})`),
    ...catalog.policies.flatMap((policy) => createPolicy(table, policy)),
    ...catalog.triggers.filter(({ inherited }) => !inherited).map(({ definition }) => raw(definition)),
    ...catalog.triggers
      .filter(({ inherited, enabled }) => !inherited && enabled !== 'origin')
      .map((trigger) => sql`alter table ${table} ${enabling(trigger.enabled)} trigger ${id(trigger.name)}`),
    ...grantStatements(
      table,
      catalog.grants.filter(({ grantee }) => grantee !== catalog.owner),
    ),
    ...catalog.columns.flatMap((column) => grantStatements(table, column.grants, sql` (${id(column.name)})`)),
  ]
  if (statements.length === 0) return []
  return [{ type: 'custom', complete: statements.map((statement) => statement.inline('postgres').trim()).join(';\n') }]
}

function enabling(enabled: 'origin' | 'disabled' | 'replica' | 'always'): Sql {
  return raw(enabled === 'disabled' ? 'disable' : enabled === 'origin' ? 'enable' : `enable ${enabled}`)
}

function createPolicy(table: Sql, { name, command, permissive, roles, using, check, comment }: Policy): Sql[] {
  const parts = [
    sql`create policy ${id(name)} on ${table} as ${raw(permissive ? 'permissive' : 'restrictive')} for ${raw(command)}`,
    sql`to ${join(roles.map(roleName))}`,
    ...(using === null ? [] : [sql`using (${raw(using)})`]),
    ...(check === null ? [] : [sql`with check (${raw(check)})`]),
  ]
  return [
    join(parts, ' '),
    ...(comment === null ? [] : [sql`comment on policy ${id(name)} on ${table} is ${literal(comment)}`]),
  ]
}

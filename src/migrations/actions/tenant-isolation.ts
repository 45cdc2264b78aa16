import { id, join, literal, sql, type Sql } from '../../database/database.ts'
import { columnNow, lockOf, type DraftTable } from '../batch/draft.ts'
import { problemAt } from '../problems.ts'
import type { DataCheck } from '../preflight/preflight-plan.ts'
import { closeTenants } from '../tenant-policy.ts'
import type { TenantIsolation } from './action.ts'
import {
  placeOf,
  problem,
  requireColumn,
  requireTable,
  stepOf,
  transaction,
  warning,
  type ActionContext,
} from './context.ts'

/** Binds from completion on: the old version does not say whose its sessions are, and would see nothing. */
export function compileTenantIsolation(action: TenantIsolation, context: ActionContext): void {
  const { draft } = context
  const table = requireTable(context, action.table, ['table'])
  if (table === undefined) return
  const name = action.column ?? 'tenant_id'
  const column = requireColumn(context, table, name, [action.column === undefined ? 'table' : 'column'])
  if (column === undefined || !usable(table, column.nullable, name, context)) return
  const since = table.renames.length
  const roles = action.roles ?? []
  if (roles.length > 0) draft.checks.push(unboundRoles(roles, context))
  draft.finish.push(() => {
    const now = columnNow(table, name, since)
    if (now === undefined || draft.removed.includes(table)) return []
    const condition = { column: now.name, type: now.type, setting: action.setting ?? 'app.tenant_id' }
    return [
      stepOf(
        context,
        'isolate',
        `keep the tenants of ${table.name} apart`,
        transaction(
          [lockOf(draft, table.name)],
          ...closeTenants(draft.base, table.name, condition),
          ...roles.flatMap((role) => rightsOf(role, table, context)),
        ),
      ),
    ]
  })
}

function usable(table: DraftTable, nullable: boolean, column: string, context: ActionContext): boolean {
  const { catalog, input } = context.draft
  if (input.serverMajor < 15) {
    const message = 'Before PostgreSQL 15 the views of a version show all rows, whatever a policy says.'
    problem(context, ['type'], message, 'Use a server of version 15 or later.')
    return false
  }
  if (table.original !== null && (table.original.rowSecurity.enabled || table.original.policies.length > 0)) {
    const message = `Table ${table.name} has policies or row-level security already.`
    problem(context, ['table'], message, 'Write in SQL what is to become of them.')
    return false
  }
  if (nullable) {
    const message = `Column ${column} of table ${table.name} may be null, and a row without a tenant would be nobody's.`
    problem(context, ['table'], message, 'Make it required first, by alter_column with changes = { nullable = false }.')
    return false
  }
  if (table.original !== null && !beginsAnIndex(table, column) && catalog.dialect === 'postgres') {
    const message = `No index of table ${table.name} begins with ${column}, so every query of a tenant reads all of its rows.`
    warning(context, ['table'], message, 'Add an index that does, with add_index.')
  }
  return true
}

function beginsAnIndex(table: DraftTable, column: string): boolean {
  const indexes = table.original?.indexes ?? []
  return (
    table.indexes.some(({ existed, removed }) => !existed && !removed) ||
    indexes.some(({ keys: [first] }) => first?.kind === 'column' && first.column === column)
  )
}

// No TRUNCATE: policies do not bind it. The version's view has its rights from when it was made.
function rightsOf(role: string, table: DraftTable, { draft }: ActionContext): Sql[] {
  const sequences = draft.catalog.sequences.filter(
    ({ ownedBy }) => ownedBy?.table.schema === draft.base && ownedBy.table.name === table.original?.name,
  )
  return [
    sql`grant usage on schema ${id(draft.base)}, ${id(draft.newSchema)} to ${id(role)}`,
    ...[draft.base, draft.newSchema].map(
      (schema) => sql`grant select, insert, update, delete on ${id(schema, table.name)} to ${id(role)}`,
    ),
    ...sequences.map(({ schema, name }) => sql`grant usage on sequence ${id(schema, name)} to ${id(role)}`),
  ]
}

function unboundRoles(roles: readonly string[], context: ActionContext): DataCheck {
  return {
    label: 'roles that policies bind',
    query: sql`
      select wanted.name, role.oid is null as missing
      from unnest(array[${join(roles.map((role) => literal(role)))}]::text[]) as wanted (name)
      left join pg_catalog.pg_roles role on role.rolname = wanted.name
      where role.oid is null or role.rolsuper or role.rolbypassrls
      order by 1
      limit 1`,
    problem([found]) {
      const role = String(found?.['name'])
      const missing = found?.['missing'] === true
      return problemAt(placeOf(context, ['roles']), 0, {
        code: 'data_conflict',
        // As PostgreSQL says it: a replay on a throw-away database makes the role up.
        message: missing ? `role "${role}" does not exist.` : `Row-level security does not bind role ${role}.`,
        remedy: missing
          ? 'Create it, or name the role that the application has.'
          : 'Take SUPERUSER and BYPASSRLS from the role, or name the role that the application has.',
      })
    },
  }
}

import {
  displayName,
  findColumn,
  findTable,
  foreignKeys,
  objectKey,
  type Catalog,
  type Policy,
  type Table,
} from '../../catalog/catalog.ts'
import { id, literal, sql } from '../../database/database.ts'
import { asText, eachTable, shownTable } from './constraint-rules.ts'
import type { HealthProblem, HealthRule } from './health-rule.ts'

/** Tables of tenants' rows that show them to other tenants. */
export const tenantNotIsolated: HealthRule = {
  code: 'tenant_not_isolated',
  severity: 'P0',
  why: 'A query that forgets its condition reads or writes the rows of every tenant.',
  find: (catalog, _facts, { tenantColumn: column }) =>
    column === null
      ? []
      : eachTable(catalog, (table) => [...protection(table, column), ...membership(catalog, table, column)]),
}

/** Unique constraints and foreign keys that tell one tenant about another. */
export const keyWithoutTenant: HealthRule = {
  code: 'key_without_tenant',
  severity: 'P1',
  why: 'Uniqueness and foreign keys are checked across all rows, so a tenant can find out what another one has, or refer to it.',
  find: (catalog, _facts, { tenantColumn: column }) =>
    column === null
      ? []
      : eachTable(catalog, (table) =>
          isTenantTable(table, column) ? [...uniqueKeys(table, column), ...references(catalog, table, column)] : [],
        ),
}

const commands = ['select', 'insert', 'update', 'delete'] as const

// A partition is reached by its parent, whose policies hold; whoever reaches it directly meets its own.
function isTenantTable(table: Table, column: string): boolean {
  return (table.kind === 'table' || table.kind === 'partitioned') && findColumn(table, column) !== undefined
}

function protection(table: Table, column: string): HealthProblem[] {
  if (!isTenantTable(table, column)) return []
  const { enabled, forced } = table.rowSecurity
  const name = `Table ${shownTable(table)} holds rows of tenants (${displayName(column)})`
  const problem = (message: string, remedy: string, repair: readonly string[] = []): HealthProblem => ({
    objectKey: objectKey('table', [table.schema, table.name]),
    message,
    remedy,
    query: policyQuery(table),
    repair,
  })
  const open = commands.filter((command) => !isCovered(table.policies, command, column))
  const target = id(table.schema, table.name)
  if (!enabled && table.policies.length === 0) {
    return [problem(`${name}, and no policy keeps tenants apart.`, generatorRemedy(table))]
  }
  const found: HealthProblem[] = []
  if (!enabled) {
    const repair = asText(sql`alter table ${target} enable row level security`)
    found.push(problem(`${name}, and its row-level security is off.`, 'Turn it on.', [repair]))
  }
  if (!forced) {
    const repair = asText(sql`alter table ${target} force row level security`)
    found.push(problem(`${name}, and its owner sees all of them.`, 'Force row-level security.', [repair]))
  }
  if (open.length > 0) {
    found.push(
      problem(
        `${name}, and no policy keeps tenants apart in ${open.join(', ')}.`,
        `Write policies for every command that compare ${displayName(column)} with the tenant of the session.`,
      ),
    )
  }
  return found
}

// Of permissive policies one that does not look at the tenant opens what the others close; a restrictive one closes it for good.
function isCovered(policies: readonly Policy[], command: (typeof commands)[number], column: string): boolean {
  const bound = policies.filter(
    (policy) => (policy.command === 'all' || policy.command === command) && policy.roles.includes('public'),
  )
  const looks = (policy: Policy) => deciding(policy, command).every((text) => mentions(text, column))
  if (bound.some((policy) => !policy.permissive && looks(policy))) return true
  const permissive = bound.filter((policy) => policy.permissive)
  // Without any, no row is let through.
  return permissive.every(looks)
}

// USING stands in for a missing WITH CHECK (manual, CREATE POLICY).
function deciding({ using, check }: Policy, command: (typeof commands)[number]): (string | null)[] {
  if (command === 'insert') return [check ?? using]
  return command === 'update' ? [using, check ?? using] : [using]
}

function mentions(text: string | null, column: string): boolean {
  if (text === null) return false
  return text.includes(id(column).inline('postgres')) || text.split(/[^\w$\u0080-\uFFFF]+/).includes(column)
}

function membership(catalog: Catalog, table: Table, column: string): HealthProblem[] {
  if (table.kind !== 'table' || findColumn(table, column) !== undefined || table.rowSecurity.enabled) return []
  const key = foreignKeys(table).find(({ references: to }) => {
    const referenced = findTable(catalog, to)
    return referenced !== undefined && isTenantTable(referenced, column)
  })
  if (key === undefined) return []
  return [
    {
      objectKey: objectKey('table', [table.schema, table.name]),
      message: `Table ${shownTable(table)} refers to rows of tenants in ${shownTable(key.references)}, has no column ${displayName(column)}, and its row-level security is off.`,
      remedy: `Add ${displayName(column)} to it and to the foreign key, then isolate it: metastore new --tenant-table ${table.name}.`,
      severity: 'P1',
      query: policyQuery(table),
      repair: [],
    },
  ]
}

// The primary key is left alone where its values are made up: of them nobody can guess another tenant's, or learn by it.
function uniqueKeys(table: Table, column: string): HealthProblem[] {
  const madeUp = (name: string) => {
    const found = findColumn(table, name)
    return found !== undefined && (found.identity !== null || found.default !== null || found.type === 'uuid')
  }
  return table.indexes.flatMap((index) => {
    const columns = index.keys.map((key) => (key.kind === 'column' ? key.column : key.expression))
    const isPrimary = table.constraints.some(({ kind, name }) => kind === 'primary_key' && name === index.constraint)
    if (!index.unique || columns.includes(column) || (isPrimary && columns.every(madeUp))) return []
    return [
      {
        objectKey: objectKey('index', [table.schema, table.name, index.name]),
        message: `${isPrimary ? 'Primary key' : 'Unique index'} ${displayName(index.name)} of ${shownTable(table)} is over (${columns.join(', ')}) across tenants.`,
        remedy: `Begin it with ${displayName(column)}, and name that in on conflict too.`,
        query: asText(sql`select indexdef from pg_indexes where indexname = ${literal(index.name)}`),
        repair: [],
      },
    ]
  })
}

function references(catalog: Catalog, table: Table, column: string): HealthProblem[] {
  return foreignKeys(table).flatMap(({ name, columns, references: to }) => {
    const referenced = findTable(catalog, to)
    if (referenced === undefined || columns.includes(column) || !isTenantTable(referenced, column)) return []
    return [
      {
        objectKey: objectKey('constraint', [table.schema, table.name, name]),
        message: `Foreign key ${displayName(name)} of ${shownTable(table)} leaves the tenant out, so a row may refer to another tenant's in ${shownTable(to)}.`,
        remedy: `Refer with (${[column, ...columns].map(displayName).join(', ')}) to (${[column, ...to.columns].map(displayName).join(', ')}), which needs a unique constraint there.`,
        query: asText(
          sql`select conname, pg_get_constraintdef(oid) from pg_constraint where conname = ${literal(name)}`,
        ),
        repair: [],
      },
    ]
  })
}

function generatorRemedy(table: Table): string {
  return `Write the migration with metastore new --tenant-table ${table.name}, and apply it.`
}

function policyQuery(table: Table): string {
  return asText(sql`
    select c.relrowsecurity, c.relforcerowsecurity, p.policyname, p.cmd, p.qual, p.with_check
    from pg_class c left join pg_policies p on p.tablename = c.relname
    where c.oid = ${literal(shownTable(table))}::regclass`)
}

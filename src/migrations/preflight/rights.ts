import { policiesAreOpen } from '../../catalog/catalog.ts'
import { id, sql, type Session } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { affectedTables } from './affected-tables.ts'
import type { PreflightPlan } from './preflight-plan.ts'

interface Role {
  readonly role: string
  readonly database: string
  readonly createsSchemas: boolean
  readonly createsInBase: boolean
}

interface AffectedTable {
  readonly schema: string
  readonly name: string
  readonly owner: string
  readonly owned: boolean
  readonly forced: boolean
}

/** What the role may not do although the batch needs it. */
export async function rightsProblems(session: Session, plan: PreflightPlan): Promise<MetastoreError[]> {
  const [role] = await session.query<Role>(sql`
    select current_user::text as role, current_database()::text as database,
      has_database_privilege(current_database(), 'create') as "createsSchemas",
      coalesce(has_schema_privilege(to_regnamespace(quote_ident(${plan.base}))::oid, 'create'), true) as "createsInBase"`)
  if (role === undefined) return []
  const owners = await session.query<AffectedTable>(sql`
    ${affectedTables(plan.base, plan.changed)}
    select ${tableColumns}
    where not pg_has_role(class.relowner, 'usage')
    order by 1, 2`)
  const bound = await session.query<AffectedTable>(sql`
    ${affectedTables(plan.base, plan.written)}
    select ${tableColumns}
    where row_security_active(class.oid) and not (${policiesAreOpen()})
    order by 1, 2`)
  return [
    ...missingRights(role, plan),
    ...owners.map((table) => notOwned(table, role)),
    ...bound.map((table) => hiddenRows(table, role)),
  ]
}

const tableColumns = sql`
    namespace.nspname as schema, class.relname as name, pg_get_userbyid(class.relowner)::text as owner,
      pg_has_role(class.relowner, 'usage') as owned, class.relforcerowsecurity as forced
    from affected
    join pg_catalog.pg_class class on class.oid = affected.oid
    join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace`

function missingRights({ role, database, createsSchemas, createsInBase }: Role, plan: PreflightPlan): MetastoreError[] {
  const problems: MetastoreError[] = []
  if (!createsSchemas) {
    problems.push(
      missing(
        `Role ${role} may not create schemas in database ${database}, and every version of the application has one.`,
        `database ${database}`,
        `Run as its owner: grant create on database ${quoted(database)} to ${quoted(role)};`,
      ),
    )
  }
  if (plan.creates && !createsInBase) {
    problems.push(
      missing(
        `Role ${role} may not create anything in schema ${plan.base}.`,
        `schema ${plan.base}`,
        `Run as its owner: grant create on schema ${quoted(plan.base)} to ${quoted(role)};`,
      ),
    )
  }
  return problems
}

function notOwned({ schema, name, owner }: AffectedTable, { role }: Role): MetastoreError {
  return missing(
    `Table ${name} belongs to ${owner}, so role ${role} may not change it.`,
    `table ${schema}.${name}`,
    `Migrate as ${owner}, or as a role that is a member of it: grant ${quoted(owner)} to ${quoted(role)};`,
  )
}

function hiddenRows({ schema, name, owned, forced }: AffectedTable, { role }: Role): MetastoreError {
  const force = `alter table ${quoted(schema, name)} no force row level security;`
  return missing(
    `Row-level security of table ${name} binds role ${role}, so that not all of its rows would be brought up to date.`,
    `table ${schema}.${name}`,
    owned && forced
      ? `Migrate as a role that has BYPASSRLS, or run: ${force}`
      : 'Migrate as the owner of the table, or as a role that has BYPASSRLS.',
  )
}

function missing(message: string, where: string, remedy: string): MetastoreError {
  return new MetastoreError({ code: 'privilege_missing', message, where, remedy })
}

function quoted(...path: readonly string[]): string {
  return id(...path).inline('postgres')
}

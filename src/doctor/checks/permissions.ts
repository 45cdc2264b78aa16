import { sql } from '../../database/database.ts'
import { healthy, type Diagnosis, type DoctorCheck } from '../diagnosis.ts'

interface Rights {
  readonly role: string
  readonly database: string
  readonly schema: string | null
  readonly createInDatabase: boolean
  readonly createInSchema: boolean | null
  readonly managed: boolean
  readonly useHistory: boolean | null
  readonly keepHistory: boolean | null
}

/** The role may create what migrations create, and keep the history. */
export const permissionsCheck: DoctorCheck = {
  name: 'permissions',
  async run({ database, session, bookkeeping }) {
    if (!database.features.roles || bookkeeping.schema === null) return []
    const [rights] = await session.query<Rights>(sql`
      select
        current_user::text as role,
        current_database()::text as database,
        current_schema()::text as schema,
        has_database_privilege(current_database(), 'create') as "createInDatabase",
        has_schema_privilege(current_schema(), 'create') as "createInSchema",
        history.schema is not null as managed,
        has_schema_privilege(history.schema, 'usage') as "useHistory",
        history.kept as "keepHistory"
      from (values (1)) as one
      left join (
        select
          relnamespace as schema,
          bool_and(
            has_table_privilege(pg_class.oid, 'select') and has_table_privilege(pg_class.oid, 'insert')
            and has_table_privilege(pg_class.oid, 'update') and has_table_privilege(pg_class.oid, 'delete')
          ) as kept
        from pg_catalog.pg_class
        join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
        where nspname = ${bookkeeping.schema} and relkind = 'r'
        group by relnamespace
      ) as history on true`)
    if (rights === undefined) return []
    const problems = [...missingSchema(rights), ...missingRights(rights, bookkeeping.schema)]
    const may = `Role ${rights.role} may create tables in schema ${rights.schema} and keep the history.`
    return problems.length > 0 ? problems : [healthy('permissions', may)]
  },
}

function missingSchema({ schema }: Rights): Diagnosis[] {
  if (schema !== null) return []
  const message = 'No schema of the search path exists, so a migration that creates a table without a schema fails.'
  return [
    {
      check: 'permissions',
      severity: 'problem',
      message,
      remedy: 'Create the schema, or mend search_path of the role.',
    },
  ]
}

function missingRights(rights: Rights, stateSchema: string): Diagnosis[] {
  const problems: Diagnosis[] = []
  const problem = (message: string, remedy: string) =>
    problems.push({ check: 'permissions', severity: 'problem', message, remedy })
  const role = quoted(rights.role)
  if (!rights.managed && !rights.createInDatabase) {
    problem(
      `Role ${rights.role} may not create schema ${stateSchema}, where metastore keeps its history.`,
      `grant create on database ${quoted(rights.database)} to ${role};`,
    )
  }
  if (rights.createInSchema === false && rights.schema !== null) {
    problem(
      `Role ${rights.role} may not create tables in schema ${rights.schema}.`,
      `grant create on schema ${quoted(rights.schema)} to ${role};`,
    )
  }
  if (rights.useHistory === false) {
    problem(
      `Role ${rights.role} may not use schema ${stateSchema}, where metastore keeps its history.`,
      `grant usage on schema ${quoted(stateSchema)} to ${role};`,
    )
  }
  if (rights.keepHistory === false) {
    problem(
      `Role ${rights.role} may not write the history in schema ${stateSchema}.`,
      `grant all on all tables in schema ${quoted(stateSchema)} to ${role}; or run as the role that owns them.`,
    )
  }
  return problems
}

// Shown to a person, and read by to_regclass as a value: never part of a statement's text.
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

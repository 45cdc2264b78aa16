import { DatabaseError, sql, type Database, type Queryable } from '../../database/database.ts'

/** Which database something was made for, so that another one can be told from it. */
export interface DatabaseIdentity {
  /** Null where the server does not tell, or there is none. */
  readonly system: string | null
  readonly name: string
}

/** Asks a server who it is; an embedded database is known by its address. */
export async function identityOf(
  { features, dialect }: Pick<Database, 'features' | 'dialect'>,
  session: Queryable,
  address: string,
): Promise<DatabaseIdentity> {
  if (dialect !== 'postgres' || !features.manySessions) return { system: null, name: address }
  const [row] = await session.query<{ name: string }>(sql`select current_database()::text as name`)
  return { system: await systemOf(session), name: row?.name ?? '' }
}

// Some providers keep the function for themselves.
async function systemOf(session: Queryable): Promise<string | null> {
  try {
    const [row] = await session.query<{ system: string }>(
      sql`select system_identifier::text as system from pg_control_system()`,
    )
    return row?.system ?? null
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 'statement_failed') return null
    throw error
  }
}

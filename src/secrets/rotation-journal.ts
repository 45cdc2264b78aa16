import { failedBecause, id, sql, type Dialect, type Queryable, type Session, type Sql } from '../database/database.ts'

/** Which row of the journal it is about. */
export interface Place {
  readonly dialect: Dialect
  /** The schema of the journal; on SQLite the prefix of its table. */
  readonly stateSchema: string
  readonly column: string
  /** Of the newest key: a position that was reached with another one says nothing. */
  readonly fingerprint: string
}

/** Creates the journal's table where it is missing; of several processes that do, all succeed. */
export async function createJournal(session: Session, dialect: Dialect, stateSchema: string): Promise<void> {
  try {
    await session.transaction(async (tx) => {
      // Asked first: CREATE SCHEMA needs a right that a role need not have where the schema is there.
      if (dialect === 'postgres' && !(await hasSchema(tx, stateSchema))) {
        await tx.query(sql`create schema if not exists ${id(stateSchema)}`)
      }
      await tx.query(sql`
        create table if not exists ${journalOf(dialect, stateSchema)} (
          column_name text primary key,
          key_fingerprint text not null,
          last_key text not null
        )`)
    })
  } catch (error) {
    // Made by another process at the same instant.
    if (!failedBecause(error, 'duplicate_object', 'constraint')) throw error
  }
}

async function hasSchema(db: Queryable, name: string): Promise<boolean> {
  const found = await db.query(sql`select 1 as one from pg_catalog.pg_namespace where nspname = ${name}`)
  return found.length > 0
}

/** The key of the last row that is done; undefined where none is. */
export async function readPosition(db: Queryable, place: Place): Promise<readonly string[] | undefined> {
  const [row] = await db.query<{ last_key: string }>(sql`
    select last_key from ${journalOf(place.dialect, place.stateSchema)}
    where column_name = ${place.column} and key_fingerprint = ${place.fingerprint}`)
  return row && (JSON.parse(row.last_key) as string[])
}

/** Notes how far it has come, in the transaction of the batch. */
export async function writePosition(db: Queryable, place: Place, last: readonly string[]): Promise<void> {
  await db.query(sql`
    insert into ${journalOf(place.dialect, place.stateSchema)} (column_name, key_fingerprint, last_key)
    values (${place.column}, ${place.fingerprint}, ${JSON.stringify(last)})
    on conflict (column_name) do update set
      key_fingerprint = excluded.key_fingerprint,
      last_key = excluded.last_key`)
}

/** Forgets the position: the column is done. */
export async function forgetPosition(db: Queryable, place: Place): Promise<void> {
  await db.query(sql`
    delete from ${journalOf(place.dialect, place.stateSchema)} where column_name = ${place.column}`)
}

function journalOf(dialect: Dialect, stateSchema: string): Sql {
  return dialect === 'postgres' ? id(stateSchema, 'key_rotations') : id(`${stateSchema}_key_rotations`)
}

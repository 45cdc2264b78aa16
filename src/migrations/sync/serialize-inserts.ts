import { id, raw, sql, type Sql } from '../../database/database.ts'
import { internalName, syncSchemaName } from '../batch/names.ts'

/** A table whose inserts wait for each other, and where that is kept. */
export interface SerializedTable {
  readonly base: string
  readonly table: string
  readonly target: string
  readonly stateSchema: string
}

/**
 * A trigger by which one transaction at a time inserts into a table. While a unique column is altered there are two unique
 * indexes, and ON CONFLICT of either version names one of them; an upsert that meets another one of the same row fails on the
 * second. The lock is one for the whole table: of several, two statements of many rows would take them in different orders.
 */
export function serializeInserts({ base, table, target, stateSchema }: SerializedTable): {
  readonly create: readonly Sql[]
  readonly drop: readonly Sql[]
} {
  const call = id(syncSchemaName(stateSchema), internalName(target, 'serialize', table))
  const trigger = id(internalName(target, 'serialize', table, 'trigger'))
  const body = sql`
    begin
      perform pg_advisory_xact_lock(hashtext('metastore: one insert at a time'), hashoid(tg_relid));
      return null;
    end`.inline('postgres')
  return {
    create: [
      sql`
        create function ${call}() returns trigger
        language plpgsql set search_path = pg_catalog, pg_temp
        as ${raw(`$sync$\n${body}\n$sync$`)}`,
      sql`create trigger ${trigger} before insert on ${id(base, table)} for each statement execute function ${call}()`,
    ],
    drop: [sql`drop trigger if exists ${trigger} on ${id(base, table)}`, sql`drop function if exists ${call}()`],
  }
}

import { id, literal, sql, type Sql } from '../../database/database.ts'
import { syncSchemaName } from '../batch/names.ts'
import { rowKey } from './failure.ts'
import type { SyncInput } from './sync-input.ts'

/** Rows of a table whose values were put off (`up_errors = "defer"`): they must be there before the old version goes. */
export interface PutOffRows {
  /** Some of the rows that wait, as `PutOffRow`. */
  readonly find: Sql
  /** Fails while one that a writer has put off waits. Fast, so that it can be done where the table is locked. */
  readonly refuse: Sql
}

/** A row that waits for a value. */
export type PutOffRow = {
  /** `id = 7`; empty for a table without a primary key. */
  readonly key: string
  readonly migration: string | null
  /** Counted from 1. */
  readonly action: number | null
  readonly column: string | null
  /** Null for a row that the backfill has put off. */
  readonly error: string | null
  /** How many wait. */
  readonly count: number
}

/** What asks for the rows of a table whose values were put off. */
export function putOffRows(input: SyncInput, table: string, pending: string): PutOffRows {
  const schema = syncSchemaName(input.stateSchema)
  const key = rowKey(input, table, 'waiting')
  return {
    find: sql`
      select waiting.key, deferred.migration, deferred.action, deferred."column", deferred.error, waiting.count
      from (
        select ${key} as key, count(*) over ()::integer as count
        from ${id(input.base, table)} as waiting
        where waiting.${id(pending)} is distinct from false
        limit 5
      ) as waiting
      left join lateral (
        select migration, action, "column", error
        from ${id(schema, 'deferred')} as deferred
        where deferred."table" = ${literal(table)} and deferred.key = waiting.key
        order by at desc
        limit 1
      ) as deferred on true
      order by waiting.key`,
    refuse: sql`
      select ${id(schema, 'refuse_waiting')}(${literal(table)})
      where exists (
        select from ${id(schema, 'deferred')} as deferred
        where deferred."table" = ${literal(table)} and exists (
          select from ${id(input.base, table)} as waiting
          where waiting.${id(pending)} is distinct from false and ${key} = deferred.key
        )
      )`,
  }
}

/** The function that fails for rows of a table that wait. */
export function refuseWaiting(schema: string): Sql {
  return sql`
    create or replace function ${id(schema, 'refuse_waiting')}(_table text) returns void
    language plpgsql set search_path = pg_catalog, pg_temp
    as $sync$
    begin
      raise exception using
        errcode = 'object_not_in_prerequisite_state',
        message = format('rows of "%s" wait for values that could not be computed', _table),
        hint = 'Update those rows with values that the migration can convert.';
    end
    $sync$`
}

import { id, sql, type Sql } from '../../database/database.ts'
import { syncSchemaName } from '../batch/names.ts'
import { refuseWaiting } from './put-off.ts'
import { isNewSession } from './session-mode.ts'

/**
 * The schema of what keeps two versions in step, which writers of all roles must be able to use: the functions of triggers,
 * and the table of values that were put off. Repeatable.
 */
export function ensureSyncSchema(stateSchema: string): Sql[] {
  const schema = syncSchemaName(stateSchema)
  return [
    sql`create schema if not exists ${id(schema)}`,
    sql`grant usage on schema ${id(schema)} to public`,
    sql`
      create table if not exists ${id(schema, 'deferred')} (
        "table" text not null,
        key text not null,
        migration text not null,
        action integer not null,
        "column" text not null,
        error text not null,
        at timestamptz not null default now(),
        primary key ("table", key, migration, action, "column")
      )`,
    ...deferredFunctions(schema),
    refuseNull(schema),
    refuseWaiting(schema),
    isNew(schema),
    // Roles may have been denied by default what is granted to everybody otherwise; and only these are for everybody.
    sql`
      grant execute on function
        ${id(schema, 'is_new')}(text, text),
        ${id(schema, 'defer')}(text, text, text, integer, text, text),
        ${id(schema, 'forget')}(text, text)
      to public`,
  ]
}

/** Takes the schema away, with all that is in it. */
export function dropSyncSchema(stateSchema: string): Sql[] {
  // Nothing of anybody else can be in it or depend on it but through triggers that were ours.
  return [sql`drop schema if exists ${id(syncSchemaName(stateSchema))} cascade`]
}

function deferredFunctions(schema: string): Sql[] {
  const deferred = id(schema, 'deferred')
  return [
    sql`
      create or replace function ${id(schema, 'defer')}(
        _table text, _key text, _migration text, _action integer, _column text, _error text
      ) returns void
      language sql security definer set search_path = pg_catalog, pg_temp
      as $sync$
        insert into ${deferred} ("table", key, migration, action, "column", error)
        values (_table, _key, _migration, _action, _column, _error)
        on conflict ("table", key, migration, action, "column") do update set error = excluded.error, at = now()
      $sync$`,
    sql`
      create or replace function ${id(schema, 'forget')}(_table text, _key text) returns void
      language sql security definer set search_path = pg_catalog, pg_temp
      as $sync$
        delete from ${deferred} where "table" = _table and key = _key
      $sync$`,
  ]
}

// Called by triggers whose condition has found the write wrong already, so that right ones do not even call a function.
function refuseNull(schema: string): Sql {
  return sql`
    create or replace function ${id(schema, 'refuse_null')}() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp
    as $sync$
    begin
      raise not_null_violation using
        message = format('null value in column "%s" of relation "%s" violates not-null constraint',
          tg_argv[0], tg_table_name),
        detail = format('Until migration %s is complete, only sessions of the new version may leave it null.',
          tg_argv[1]),
        schema = tg_table_schema, table = tg_table_name, column = tg_argv[0];
    end
    $sync$`
}

// No search path of its own: it is the caller's that is asked for.
function isNew(schema: string): Sql {
  return sql`
    create or replace function ${id(schema, 'is_new')}(_schema text, _version text) returns boolean
    language plpgsql stable
    as $sync$
    begin
      return ${isNewSession(sql`_schema`, sql`_version`)};
    end
    $sync$`
}

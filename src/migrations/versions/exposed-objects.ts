import { id, literal, sql, type Queryable, type Sql } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { block } from './block.ts'
import { collectCandidates } from './exposure-candidates.ts'
import { createCandidate } from './exposure-copy.ts'
import { versionNotes } from './version-notes.ts'

// Views and functions of the base schema stand in a version schema as copies that read its views. What was copied, and what
// could not be, is noted in the comment on the version schema: whatever else is in it is not ours.

/**
 * The statement that carries the views and functions of the base schema into a version schema, so that an application that
 * has only the version's schema on its path finds them there, reading the version's tables. What does not work on these is
 * left out, and noted. Nothing happens when all is as it was the last time.
 */
export function exposeObjects(name: string, base: string): Sql {
  return block(sql`
    declare
      version constant oid := ${literal(quoted(name))}::regnamespace;
      base constant oid := ${literal(quoted(base))}::regnamespace;
      path constant text := current_setting('search_path');
      remaining jsonb;
      again jsonb := '[]';
      candidate jsonb;
      done jsonb := '[]';
      fingerprint text;
      shape text;
      made oid;
    begin
      ${collectCandidates}
      if fingerprint is distinct from ${versionNotes} ->> 'fingerprint' or ${isCopyMissing} or ${mayFitNow} then
        ${dropExposed()}
        perform set_config('search_path', format('%s, %s', version::regnamespace, base::regnamespace), true);
        loop
          again := '[]';
          for candidate in select value from jsonb_array_elements(remaining) loop
            begin
              ${createCandidate}
              done := done || jsonb_build_object('kind', candidate -> 'kind', 'object', made::int8);
            exception
              when lock_not_available or deadlock_detected or serialization_failure then raise;
              when others then again := again || (candidate || jsonb_build_object('reason', sqlerrm));
            end;
          end loop;
          -- What reads another copy has to wait until that is there.
          exit when jsonb_array_length(again) in (0, jsonb_array_length(remaining));
          remaining := again;
        end loop;
        ${takeNotes}
      end if;
      perform set_config('search_path', path, true);
    end`)
}

// A CASCADE may have taken one along.
const isCopyMissing = sql`exists (
  select from jsonb_array_elements(${versionNotes} -> 'exposed') as copies (value)
  where case value ->> 'kind' when 'view' then to_regclass(value ->> 'name')::oid
    else to_regprocedure(value ->> 'name')::oid end is null)`

// What did not work before may do so on other columns; what worked goes on.
const mayFitNow = sql`(${versionNotes} -> 'leftOut' <> '[]' and ${versionNotes} ->> 'shape' <> shape)`

const takeNotes = sql`
  perform set_config('search_path', 'pg_catalog', true);
  if fingerprint is not null then
    execute format('comment on schema %s is %L', version::regnamespace, 'Made by metastore. ' || jsonb_build_object(
      'fingerprint', fingerprint, 'shape', shape,
      'exposed', (
        select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'name',
          case kind when 'view' then object::regclass::text else object::regprocedure::text end) order by place), '[]')
        from (select value ->> 'kind' as kind, (value ->> 'object')::oid as object, place
          from jsonb_array_elements(done) with ordinality as copies (value, place)) copies),
      'leftOut', (
        select coalesce(jsonb_agg(jsonb_build_object('kind', value -> 'kind', 'name', value -> 'shown', 'reason', value -> 'reason')
          order by place), '[]')
        from jsonb_array_elements(again) with ordinality as failed (value, place)))::text);
  end if;`

/** The statements of a block that drop what was carried into a version schema; over `version`, its identifier. */
export function dropExposed(): Sql {
  return sql`
    declare
      item jsonb;
      copy oid;
    begin
      -- The newest first: what was made later may read what was there before.
      for item in
        select value from jsonb_array_elements(${versionNotes} -> 'exposed') with ordinality as copies (value, place) order by place desc
      loop
        if item ->> 'kind' = 'view' then
          select oid into copy from pg_class
          where oid = to_regclass(item ->> 'name') and relnamespace = version and relkind = 'v';
          if found then execute format('drop view %s', copy::regclass); end if;
        else
          select oid into copy from pg_proc where oid = to_regprocedure(item ->> 'name') and pronamespace = version;
          if found then execute format('drop routine %s', copy::regprocedure); end if;
        end if;
      end loop;
      if ${versionNotes} -> 'exposed' is not null then execute format('comment on schema %s is null', version::regnamespace); end if;
    end;`
}

/** The statement that drops what was carried into a version schema. */
export function dropExposedObjects(name: string): Sql {
  return block(sql`
    declare
      version constant oid := ${literal(quoted(name))}::regnamespace;
    begin
      ${dropExposed()}
    end`)
}

/** What of the base schema is not in a version schema because it would not work there, as warnings. */
export async function readLeftOut(db: Queryable, name: string): Promise<MetastoreError[]> {
  const rows = await db.query<{ kind: string; name: string; reason: string }>(sql`
    select left_out.value ->> 'kind' as kind, left_out.value ->> 'name' as name, left_out.value ->> 'reason' as reason
    from (select oid as version from pg_catalog.pg_namespace where nspname = ${name}) schema
      cross join lateral jsonb_array_elements(${versionNotes} -> 'leftOut') with ordinality as left_out (value, place)
    order by left_out.place`)
  return rows.map(
    ({ kind, name: object, reason }) =>
      new MetastoreError({
        code: 'object_not_exposed',
        message: `The ${kind} ${object} is not in the version schema ${name}: ${reason}.`,
        where: `${kind} ${object}`,
        remedy:
          'Change it so that it works on what the version shows, or have the application call it with its schema.',
      }),
  )
}

function quoted(name: string): string {
  return id(name).inline('postgres')
}

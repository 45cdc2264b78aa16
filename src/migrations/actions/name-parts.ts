import { id, literal, raw, sql, type Sql } from '../../database/database.ts'
import { lockOf, type DraftTable } from '../batch/draft.ts'
import type { PhaseStep } from '../batch/phase-step.ts'
import { stepOf, transaction, type ActionContext } from './context.ts'

/**
 * A table that had to wait for its name has parts that the server named after the one it waited under: its key, its
 * constraints, its sequences. They get the names that the server would have given them, as far as those are free.
 */
export function nameParts(table: DraftTable, context: ActionContext): readonly PhaseStep[] {
  const { draft } = context
  if (draft.removed.includes(table)) return []
  return [
    stepOf(
      context,
      'name_parts',
      `name what belongs to ${table.name}`,
      transaction([lockOf(draft, table.name)], renameParts(draft.base, table)),
    ),
  ]
}

function renameParts(base: string, { name, physical }: DraftTable): Sql {
  const owner = sql`${literal(id(base, name).inline('postgres'))}::regclass`
  const waiting = literal(physical)
  const body = sql`
    declare
      part record;
      stem text;
      suffix text;
      wanted text;
      place int;
    begin
      for part in
        select conname::text as name, 'constraint' as kind, contype in ('p', 'u', 'x') as is_relation
        from pg_catalog.pg_constraint
        where conrelid = ${owner} and pg_catalog.starts_with(conname::text, ${waiting})
        union all
        select relname::text, 'sequence', true
        from pg_catalog.pg_class
        join pg_catalog.pg_depend on pg_class.oid = objid and classid = 'pg_catalog.pg_class'::regclass
        where refclassid = 'pg_catalog.pg_class'::regclass and refobjid = ${owner} and deptype in ('a', 'i')
          and relkind = 'S' and pg_catalog.starts_with(relname::text, ${waiting})
        order by 1
      loop
        place := 0;
        loop
          suffix := substr(part.name, length(${waiting}) + 1) || case when place > 0 then place::text else '' end;
          stem := ${literal(name)};
          while octet_length(stem || suffix) > 63 loop
            stem := substr(stem, 1, length(stem) - 1);
          end loop;
          wanted := stem || suffix;
          exit when not exists (
            select from pg_catalog.pg_constraint where conrelid = ${owner} and conname = wanted
          ) and (
            not part.is_relation
            or not exists (
              select from pg_catalog.pg_class
              where relnamespace = ${literal(base)}::regnamespace and relname = wanted
            )
          );
          place := place + 1;
        end loop;
        execute case part.kind
          when 'sequence' then format('alter sequence %I.%I rename to %I', ${literal(base)}, part.name, wanted)
          else format('alter table %s rename constraint %I to %I', ${owner}, part.name, wanted)
        end;
      end loop;
    end`.inline('postgres')
  return sql`do ${raw(`$parts$\n${body}\n$parts$`)}`
}

import { id, join, literal, raw, type Sql, sql } from '../../database/sql.ts'
import type { CatalogObject } from '../objects.ts'
import type { Index, Policy, Table } from '../relation.ts'
import { enabling } from './make-database.ts'
import { settingList } from './settings.ts'
import { constraintItem } from './make-table.ts'
import { commentOn } from './rights.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { roleName, target, wholeOf } from './targets.ts'

type ObjectOf<Kind extends CatalogObject['kind']> = CatalogObject & { readonly kind: Kind }

/** A constraint, unless the table was made with it, and what is said of it and its index besides. */
export function makeConstraint(object: ObjectOf<'constraint'>, table: Table, isThere: boolean): RenderedStatement[] {
  const { value } = object
  // An heir has it from its parent, and only if it is not said of that one table alone.
  const only = raw(value.kind === 'foreign_key' || value.kind === 'check' || value.kind === 'not_null' ? '' : 'only ')
  const add = sql`alter table ${only}${wholeOf(object)} add ${constraintItem(value)}`
  const index = table.indexes.find(({ constraint }) => constraint === value.name)
  return [
    ...(isThere ? [] : [statement(object, 'add', add)]),
    ...(value.comment === null ? [] : [commentOn(object, value.comment)]),
    ...(value.triggersEnabled ? [] : [switchConstraint(object, false)]),
    ...(index === undefined ? [] : servingIndex(object, index)),
  ]
}

// The definition of a constraint says nothing of these.
function servingIndex(object: ObjectOf<'constraint'>, index: Index): RenderedStatement[] {
  const [schema = ''] = object.path
  const name = id(schema, index.name)
  const { options, tablespace, comment } = index
  return [
    ...(Object.keys(options).length === 0
      ? []
      : [statement(object, 'alter', sql`alter index ${name} set (${settingList(options)})`)]),
    ...(tablespace === null
      ? []
      : [statement(object, 'alter', sql`alter index ${name} set tablespace ${id(tablespace)}`)]),
    ...(comment === null ? [] : [commentOn(object, comment, sql`index ${name}`)]),
    ...indexRoles(object, index),
  ]
}

/** An index of its own. */
export function makeIndex(object: ObjectOf<'index'>): RenderedStatement[] {
  const { definition, comment } = object.value
  if (definition === null) return []
  return [
    statement(object, 'create', raw(definition)),
    ...(comment === null ? [] : [commentOn(object, comment)]),
    ...indexRoles(object, object.value),
  ]
}

/** That a table is clustered by an index, or identifies changed rows by it. */
export function indexRoles(
  object: CatalogObject,
  { name, clustered, replicaIdentity }: Pick<Index, 'name' | 'clustered' | 'replicaIdentity'>,
): RenderedStatement[] {
  const kind = object.partOf?.startsWith('view ') ? raw('materialized view') : raw('table')
  const alter = (change: Sql) => statement(object, 'alter', sql`alter ${kind} ${wholeOf(object)} ${change}`)
  return [
    ...(clustered ? [alter(sql`cluster on ${id(name)}`)] : []),
    ...(replicaIdentity ? [alter(sql`replica identity using index ${id(name)}`)] : []),
  ]
}

/** Makes an index of a partition a part of that of its table. */
export function attachIndex(object: ObjectOf<'index'>): RenderedStatement[] {
  const { partOf, name } = object.value
  const [schema = ''] = object.path
  if (partOf === null) return []
  const change = sql`alter index ${id(partOf.schema, partOf.name)} attach partition ${id(schema, name)}`
  return [statement(object, 'attach', change)]
}

/** A trigger. */
export function makeTrigger(object: ObjectOf<'trigger'>): RenderedStatement[] {
  const { definition, comment, enabled, inherited } = object.value
  return [
    ...(inherited ? [] : [statement(object, 'create', raw(definition))]),
    ...(comment === null ? [] : [commentOn(object, comment)]),
    ...(enabled === 'origin' ? [] : [enablePart(object)]),
  ]
}

/** A rule. */
export function makeRule(object: ObjectOf<'rule'>): RenderedStatement[] {
  const { definition, comment, enabled } = object.value
  return [
    statement(object, 'create', raw(definition)),
    ...(comment === null ? [] : [commentOn(object, comment)]),
    ...(enabled === 'origin' ? [] : [enablePart(object)]),
  ]
}

/** When a trigger or a rule fires. */
export function enablePart(object: ObjectOf<'trigger'> | ObjectOf<'rule'>): RenderedStatement {
  const { enabled, name } = object.value
  const change = sql`alter table ${wholeOf(object)} ${enabling(enabled)} ${raw(object.kind)} ${id(name)}`
  return statement(object, 'alter', change, { repair: enabled !== 'disabled' })
}

/** A row-level security policy. */
export function makePolicy(object: ObjectOf<'policy'>): RenderedStatement[] {
  const { value } = object
  return [
    statement(object, 'create', sql`create ${target(object)} ${policyClauses(value)}`),
    ...(value.comment === null ? [] : [commentOn(object, value.comment)]),
  ]
}

function policyClauses({ command, permissive, roles, using, check }: Policy): Sql {
  const parts = [
    raw(`as ${permissive ? 'permissive' : 'restrictive'} for ${command}`),
    sql`to ${join(roles.map(roleName))}`,
    ...(using === null ? [] : [raw(`using (${using})`)]),
    ...(check === null ? [] : [raw(`with check (${check})`)]),
  ]
  return join(parts, ' ')
}

/** Switches the triggers that enforce a constraint on or off; their names are made of numbers that only the server knows. */
export function switchConstraint(object: ObjectOf<'constraint'>, enable: boolean): RenderedStatement {
  const word = enable ? 'enable' : 'disable'
  const body = `declare
  internal record;
begin
  for internal in
    select tgrelid::pg_catalog.regclass as relation, tgname as name
    from pg_catalog.pg_trigger
    join pg_catalog.pg_constraint on pg_constraint.oid = tgconstraint
    where conrelid = ${literal(wholeOf(object).inline('postgres')).inline('postgres')}::pg_catalog.regclass
      and conname = ${literal(object.value.name).inline('postgres')}
      and tgenabled ${enable ? '=' : '<>'} 'D'
  loop
    execute pg_catalog.format('alter table %s ${word} trigger %I', internal.relation, internal.name);
  end loop;
end`
  return statement(object, `${word} triggers of`, sql`do ${literal(body)}`, { repair: enable })
}

import { id, join, literal, raw, type Sql, sql } from '../../database/sql.ts'
import type { CatalogObject, ObjectValues } from '../objects.ts'
import type { DefaultPrivileges, Publication } from '../schema-object.ts'
import { furnish, type Making } from './making.ts'
import { grantChanges } from './rights.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { target } from './targets.ts'

type ObjectOf<Kind extends keyof ObjectValues> = CatalogObject & { readonly kind: Kind }

/** A schema; the one that every new database has is taken as it is. */
export function makeSchema(making: Making, object: ObjectOf<'schema'>): RenderedStatement[] {
  const { name } = object.value
  const create = name === 'public' ? sql`create schema if not exists ${id(name)}` : sql`create schema ${id(name)}`
  return [statement(object, 'create', create), ...furnish(making, object)]
}

/** An extension, in the version that the server comes with. */
export function makeExtension(making: Making, object: ObjectOf<'extension'>): RenderedStatement[] {
  const { name, schema, comment } = object.value
  // It has a comment of its own from the start.
  const known = name === 'plpgsql' && comment === 'PL/pgSQL procedural language'
  const create = sql`create extension if not exists ${id(name)} with schema ${id(schema)} cascade`
  return [statement(object, 'create', create), ...(known ? [] : furnish(making, object))]
}

/** A collation. */
export function makeCollation(making: Making, object: ObjectOf<'collation'>): RenderedStatement[] {
  const { provider, deterministic, locale } = object.value
  const options = [
    sql`provider = ${raw(provider)}`,
    ...(locale === null ? [] : [sql`locale = ${literal(locale)}`]),
    ...(deterministic ? [] : [raw('deterministic = false')]),
  ]
  const create = sql`create collation ${id(...object.path)} (${join(options)})`
  return [statement(object, 'create', create), ...furnish(making, object)]
}

/** Statistics over several columns. */
export function makeStatistics(making: Making, object: ObjectOf<'statistics'>): RenderedStatement[] {
  const goal = object.value.target
  return [
    statement(object, 'create', raw(object.value.definition)),
    ...(goal === null
      ? []
      : [statement(object, 'alter', sql`alter ${target(object)} set statistics ${literal(goal)}`)]),
    ...furnish(making, object),
  ]
}

/** A trigger on commands that define things. */
export function makeEventTrigger(making: Making, object: ObjectOf<'event_trigger'>): RenderedStatement[] {
  const { name, event, tags, function: routine, enabled } = object.value
  const when = tags.length === 0 ? sql`` : sql` when tag in (${join(tags.map((tag) => literal(tag)))})`
  const create = sql`create event trigger ${id(name)} on ${raw(event)}${when} execute function ${id(routine.schema, routine.name)}()`
  return [
    statement(object, 'create', create),
    ...furnish(making, object),
    ...(enabled === 'origin' ? [] : [enableEventTrigger(object)]),
  ]
}

/** When an event trigger fires. */
export function enableEventTrigger(object: ObjectOf<'event_trigger'>): RenderedStatement {
  const { enabled } = object.value
  return statement(object, 'alter', sql`alter event trigger ${id(object.value.name)} ${enabling(enabled)}`, {
    repair: enabled !== 'disabled',
  })
}

/** `enable`, `disable`, `enable replica` or `enable always`. */
export function enabling(enabled: 'origin' | 'disabled' | 'replica' | 'always'): Sql {
  return raw({ origin: 'enable', disabled: 'disable', replica: 'enable replica', always: 'enable always' }[enabled])
}

/** A publication. */
export function makePublication(making: Making, object: ObjectOf<'publication'>): RenderedStatement[] {
  const { value } = object
  const what = value.allTables ? raw(' for all tables') : prefixed(' for ', publishedItems(value))
  const create = sql`create publication ${id(value.name)}${what} with (${publicationOptions(value)})`
  return [statement(object, 'create', create), ...furnish(making, object)]
}

/** What a publication sends, and whether partitions count as their table. */
export function publicationOptions({ events, viaRoot }: Publication): Sql {
  const root = viaRoot ? sql`, publish_via_partition_root = true` : sql``
  return sql`publish = ${literal(events.join(', '))}${root}`
}

/** The tables and schemas of a publication: `table only a, only b, tables in schema c`. */
export function publishedItems({ tables, schemas }: Publication): readonly Sql[] {
  const items = tables.map(({ table, columns, where }) => {
    const list = columns === null ? sql`` : sql` (${join(columns.map((column) => id(column)))})`
    const rows = where === null ? sql`` : sql` where (${raw(where)})`
    return sql`only ${id(table.schema, table.name)}${list}${rows}`
  })
  return [
    ...(items.length === 0 ? [] : [sql`table ${join(items)}`]),
    ...(schemas.length === 0 ? [] : [sql`tables in schema ${join(schemas.map((schema) => id(schema)))}`]),
  ]
}

function prefixed(prefix: string, items: readonly Sql[]): Sql {
  return items.length === 0 ? sql`` : sql`${raw(prefix)}${join(items)}`
}

/** Default privileges, from those there are; null for none. */
export function makeDefaultPrivileges(
  object: ObjectOf<'default_privileges'>,
  { expected, actual }: { readonly expected: DefaultPrivileges | null; readonly actual: DefaultPrivileges | null },
): RenderedStatement[] {
  const { role, schema, objects } = object.value
  const of = sql`alter default privileges for role ${id(role)}${schema === null ? sql`` : sql` in schema ${id(schema)}`}`
  // Those for all schemas begin with what everybody has on functions and types.
  const usual = schema === null && (objects === 'functions' || objects === 'types')
  const initial = usual
    ? [{ grantee: 'public', privileges: [objects === 'functions' ? 'execute' : 'usage'], grantOption: false }]
    : []
  const changes = grantChanges(
    {
      expected: expected?.grants ?? initial,
      actual: actual?.grants ?? initial,
      owner: schema === null ? role : null,
    },
    (privileges) => sql`${privileges} on ${raw(objects.replace('_', ' '))}`,
  )
  return changes.map(({ grant, sql: change }) => statement(object, 'alter', sql`${of} ${change}`, { repair: grant }))
}

import { id, raw, type Sql, sql } from '../../database/sql.ts'
import type { CatalogObject } from '../objects.ts'
import type { Routine } from '../schema-object.ts'

/** An object as ALTER, COMMENT ON and DROP name it: `table "app"."runs"`, `trigger "touch" on "app"."runs"`. */
export function target(object: CatalogObject): Sql {
  const { path } = object
  const [schema = '', relation = '', part = ''] = path
  const name = nameOf(object)
  switch (object.kind) {
    case 'schema':
    case 'extension':
    case 'collation':
    case 'sequence':
    case 'statistics':
    case 'publication':
    case 'column':
      return sql`${raw(object.kind)} ${name}`
    case 'event_trigger':
      return sql`event trigger ${name}`
    case 'type':
      return sql`${raw(object.value.kind === 'domain' ? 'domain' : 'type')} ${name}`
    case 'table':
      return sql`${raw(object.value.kind === 'foreign' ? 'foreign table' : 'table')} ${name}`
    case 'view':
      return sql`${raw(object.value.kind === 'view' ? 'view' : 'materialized view')} ${name}`
    case 'routine':
      return sql`${raw(routineWord(object.value))} ${routineName(object.value)}`
    case 'index':
      return sql`index ${id(schema, part)}`
    case 'constraint':
    case 'trigger':
    case 'rule':
    case 'policy':
      return sql`${raw(object.kind)} ${id(part)} on ${id(schema, relation)}`
    case 'default_privileges':
      return raw('default privileges')
  }
}

// The path of a routine ends with its arguments: of one without any that is no name.
function nameOf({ kind, path }: CatalogObject): Sql {
  return id(...(kind === 'routine' ? path.slice(0, 2) : path))
}

/** A routine with its arguments, as ALTER and DROP take it. */
export function routineName({ schema, name, kind, identityArguments }: Routine): Sql {
  return sql`${id(schema, name)}(${raw(kind === 'aggregate' ? identityArguments || '*' : identityArguments)})`
}

function routineWord({ kind }: Routine): string {
  return kind === 'window' ? 'function' : kind
}

/** The table or view that a part belongs to. */
export function wholeOf({ path }: CatalogObject): Sql {
  const [schema = '', relation = ''] = path
  return id(schema, relation)
}

/** A role as GRANT and CREATE POLICY take it; catalogs call everybody `public`, and whoever migrates `current_user`. */
export function roleName(name: string): Sql {
  if (name === 'public') return raw('public')
  return name === 'current_user' ? raw('current_user') : id(name)
}

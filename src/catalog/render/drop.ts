import { id, raw, type Sql, sql } from '../../database/sql.ts'
import type { CatalogObject } from '../objects.ts'
import { makeDefaultPrivileges } from './make-database.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { target, wholeOf } from './targets.ts'

const holdingData = new Set(['table', 'column', 'sequence', 'extension'])

/** Takes an object away; never with others that need it. */
export function dropObject(object: CatalogObject, repair: boolean): RenderedStatement[] {
  if (object.kind === 'default_privileges') {
    return makeDefaultPrivileges(object, { expected: null, actual: object.value })
  }
  const losesData = holdingData.has(object.kind) && !(object.kind === 'column' && object.value.generated !== null)
  return [statement(object, 'drop', dropSql(object), { losesData, repair })]
}

function dropSql(object: CatalogObject): Sql {
  const [schema = '', relation = '', part = ''] = object.path
  switch (object.kind) {
    case 'column':
      return sql`alter ${raw('table')} ${id(schema, relation)} drop column ${id(part)}`
    case 'constraint':
      return sql`alter table ${wholeOf(object)} drop constraint ${id(part)}`
    default:
      return sql`drop ${target(object)}`
  }
}

/** Takes the default of a column away. */
export function dropDefault(column: CatalogObject, repair: boolean): RenderedStatement {
  const change = sql`alter table only ${wholeOf(column)} alter column ${id(column.path.at(-1) ?? '')} drop default`
  return statement(column, 'drop default of', change, { repair })
}

/** Gives a column its default. */
export function setDefault(column: CatalogObject, expression: string): RenderedStatement {
  const change = sql`alter table only ${wholeOf(column)} alter column ${id(column.path.at(-1) ?? '')} set default ${raw(expression)}`
  return statement(column, 'set default of', change)
}

import { id, raw, type Sql, sql } from '../../database/sql.ts'
import type { CatalogObject } from '../objects.ts'
import type { Column, View } from '../relation.ts'
import { settingList } from './settings.ts'
import { furnish, type Making } from './making.ts'
import { columnGrants, commentOn } from './rights.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { target } from './targets.ts'

type ViewObject = CatalogObject & { readonly kind: 'view' }

/** A view, plain or materialized. */
export function makeView(making: Making, object: ViewObject): RenderedStatement[] {
  return [
    statement(object, 'create', createView(object.value, false)),
    ...furnish(making, object),
    ...furnishViewColumns(object, []),
  ]
}

/** CREATE VIEW, or CREATE OR REPLACE VIEW. */
export function createView(view: View, replace: boolean): Sql {
  const { kind, schema, name, definition, options, accessMethod, tablespace, populated } = view
  const settings = Object.keys(options).length === 0 ? sql`` : sql` with (${settingList(options)})`
  const query = raw(definition.replace(/;\s*$/, ''))
  if (kind === 'view') {
    return sql`create ${raw(replace ? 'or replace ' : '')}view ${id(schema, name)}${settings} as${raw('\n')}${query}`
  }
  const method = accessMethod === null || accessMethod === 'heap' ? sql`` : sql` using ${id(accessMethod)}`
  const space = tablespace === null ? sql`` : sql` tablespace ${id(tablespace)}`
  const data = raw(populated ? '' : '\nwith no data')
  return sql`create materialized view ${id(schema, name)}${method}${settings}${space} as${raw('\n')}${query}${data}`
}

/** Comments, defaults and grants of the columns of a view, where they differ from what they were. */
export function furnishViewColumns(object: ViewObject, before: readonly Column[]): RenderedStatement[] {
  return object.value.columns.flatMap((column) => {
    const old = before.find(({ name }) => name === column.name)
    const result: RenderedStatement[] = []
    if (column.default !== (old?.default ?? null)) {
      const change = column.default === null ? raw('drop default') : raw(`set default ${column.default}`)
      result.push(statement(object, 'alter', sql`alter ${target(object)} alter column ${id(column.name)} ${change}`))
    }
    if (column.comment !== (old?.comment ?? null)) {
      result.push(commentOn(object, column.comment, sql`column ${id(...object.path, column.name)}`))
    }
    return [...result, ...columnGrants(object, column.name, { expected: column.grants, actual: old?.grants ?? [] })]
  })
}

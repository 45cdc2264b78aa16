import type { CatalogObject } from '../objects.ts'
import { attachIndex, makeConstraint, makeIndex, makePolicy, makeRule, makeTrigger } from './make-part.ts'
import { furnishColumn, tableColumn } from './make-column.ts'
import {
  makeCollation,
  makeDefaultPrivileges,
  makeEventTrigger,
  makeExtension,
  makePublication,
  makeSchema,
  makeStatistics,
} from './make-database.ts'
import { makeRoutine } from './make-routine.ts'
import { makeSequence } from './make-sequence.ts'
import { type Inside, makeTable } from './make-table.ts'
import { makeType } from './make-type.ts'
import { makeView } from './make-view.ts'
import { furnish, type Making } from './making.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { tableOf } from './alter-part.ts'
import { rulesKey } from './dependencies.ts'
import { sql } from '../../database/sql.ts'
import { wholeOf } from './targets.ts'

/** What of an object comes with another one: `inside` its statement, or by itself once that is there. */
export interface Coming {
  readonly inside: Inside
  readonly byItself: Inside
}

/** Everything that creates an object. */
export function makeObject(making: Making, object: CatalogObject, { inside, byItself }: Coming): RenderedStatement[] {
  const { tables } = making.expected
  switch (object.kind) {
    case 'schema':
      return makeSchema(making, object)
    case 'extension':
      return makeExtension(making, object)
    case 'collation':
      return makeCollation(making, object)
    case 'type':
      return makeType(making, object, inside.has(rulesKey(object.value.schema, object.value.name)))
    case 'sequence':
      // That of an identity column is made with it.
      return object.value.identity
        ? furnish({ ...making, role: object.value.owner }, object)
        : makeSequence(making, object)
    case 'table':
      return makeTable(making, object, inside)
    case 'view':
      return makeView(making, object)
    case 'routine':
      return makeRoutine(making, object)
    case 'statistics':
      return makeStatistics(making, object)
    case 'event_trigger':
      return makeEventTrigger(making, object)
    case 'publication':
      return makePublication(making, object)
    case 'default_privileges':
      return makeDefaultPrivileges(object, { expected: object.value, actual: null })
    case 'column':
      return makeColumn(making, object, { inside, byItself })
    case 'constraint': {
      const table = tableOf(tables, object)
      const isThere = inside.has(object.key) || byItself.has(object.key)
      return table === undefined ? [] : makeConstraint(object, table, isThere)
    }
    case 'index':
      return object.value.constraint === null ? makeIndex(object) : []
    case 'trigger':
      return makeTrigger(object)
    case 'rule':
      return makeRule(object)
    case 'policy':
      return makePolicy(object)
  }
}

function makeColumn(
  making: Making,
  object: CatalogObject & { readonly kind: 'column' },
  { inside, byItself }: Coming,
): RenderedStatement[] {
  const table = tableOf(making.expected.tables, object)
  if (table === undefined || inside.has(object.key)) return []
  const hasDefault = inside.has(object.key.replace(/^column /, 'default '))
  const definition = tableColumn(making.expected, table, object.value, hasDefault)
  const add = sql`alter table ${wholeOf(object)} add column ${definition}`
  return [...(byItself.has(object.key) ? [] : [statement(object, 'add', add)]), ...furnishColumn(object, table)]
}

/** What puts an index into that of the partitioned table. */
export function attachMade(object: CatalogObject): RenderedStatement[] {
  return object.kind === 'index' ? attachIndex(object) : []
}

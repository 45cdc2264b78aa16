import { id, join, literal, raw, type Sql, sql } from '../../database/sql.ts'
import type { Alteration, Altered } from './alteration.ts'
import { enableEventTrigger, makeDefaultPrivileges, publicationOptions, publishedItems } from './make-database.ts'
import { settingChanges } from './settings.ts'
import { ownSequence, sequenceOptions } from './make-sequence.ts'
import { createView, furnishViewColumns } from './make-view.ts'
import type { Making } from './making.ts'
import { commentOn, grantsOn, ownerOf } from './rights.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { target } from './targets.ts'
import { hasChanged } from './verdict.ts'

/** Owner, comment and grants of what has nothing else to alter, or has it altered before. */
export function alterRights(
  making: Making,
  altered: Altered<
    | 'schema'
    | 'collation'
    | 'type'
    | 'sequence'
    | 'view'
    | 'routine'
    | 'statistics'
    | 'event_trigger'
    | 'publication'
    | 'extension'
  >,
): RenderedStatement[] {
  const { object, value, before, difference } = altered
  const has = (property: string) => hasChanged(difference.changes, property)
  const owner = 'owner' in value ? value.owner : null
  return [
    ...(has('owner') && owner !== null ? [ownerOf(object, owner, making.roles)] : []),
    ...(has('comment') ? [commentOn(object, value.comment)] : []),
    ...('grants' in value && 'grants' in before
      ? grantsOn(object, { expected: value.grants, actual: before.grants, owner })
      : []),
  ]
}

/** An extension: to another version or schema. */
export function alterExtension(making: Making, altered: Altered<'extension'>): Alteration {
  const { object, value, difference } = altered
  const name = id(value.name)
  const has = (property: string) => hasChanged(difference.changes, property)
  return {
    statements: [
      ...(has('version')
        ? [
            statement(object, 'update', sql`alter extension ${name} update to ${literal(value.version)}`, {
              repair: false,
            }),
          ]
        : []),
      ...(has('schema')
        ? [statement(object, 'move', sql`alter extension ${name} set schema ${id(value.schema)}`, { repair: false })]
        : []),
      ...alterRights(making, altered),
    ],
    unrendered: [],
  }
}

/** A sequence, also that of an identity column. */
export function alterSequence(making: Making, altered: Altered<'sequence'>): Alteration {
  const { object, value, before, difference } = altered
  const has = (property: string) => hasChanged(difference.changes, property)
  const counting = ['type', 'start', 'increment', 'minimum', 'maximum', 'cache', 'cycle'].some(has)
  const alter = (change: Sql) => statement(object, 'alter', sql`alter sequence ${id(...object.path)} ${change}`)
  const isIdentity = value.identity || before.identity
  return {
    statements: [
      ...(counting ? [alter(sql`as ${raw(value.type)} ${sequenceOptions(value)}`)] : []),
      ...(has('persistence') && !isIdentity
        ? [alter(raw(value.persistence === 'unlogged' ? 'set unlogged' : 'set logged'))]
        : []),
      ...alterRights(making, isIdentity ? withoutOwner(altered) : altered),
      ...(has('ownedBy') && !isIdentity ? [ownSequence(object)] : []),
    ],
    unrendered: has('identity') ? ['A sequence cannot be made that of an identity column, or taken from one.'] : [],
  }
}

// It goes with its table.
function withoutOwner(altered: Altered<'sequence'>): Altered<'sequence'> {
  const changes = altered.difference.changes.filter(({ property }) => property !== 'owner')
  return { ...altered, difference: { ...altered.difference, changes } }
}

/** A view that can be replaced, or that only has other rights or options. */
export function alterView(making: Making, altered: Altered<'view'>): Alteration {
  const { object, value, before, difference } = altered
  const has = (property: string) => hasChanged(difference.changes, property)
  const alter = (change: Sql) => statement(object, 'alter', sql`alter ${target(object)} ${change}`)
  const replaced = has('definition') || value.columns.length !== before.columns.length
  return {
    statements: [
      ...(replaced ? [statement(object, 'replace', createView(value, true))] : []),
      // A check of what is written can only be there with the query.
      ...(replaced ? [] : settingChanges(value.options, before.options).map(alter)),
      ...(has('tablespace') ? [alter(sql`set tablespace ${id(value.tablespace ?? 'pg_default')}`)] : []),
      ...(has('accessMethod') ? [alter(sql`set access method ${id(value.accessMethod ?? 'heap')}`)] : []),
      ...(has('populated')
        ? [
            statement(
              object,
              'refresh',
              sql`refresh ${target(object)} ${raw(value.populated ? 'with data' : 'with no data')}`,
              { repair: value.populated },
            ),
          ]
        : []),
      ...alterRights(making, altered),
      // What is revoked from a view is revoked from its columns, too.
      ...furnishViewColumns(
        object,
        has('grants') ? before.columns.map((each) => ({ ...each, grants: [] })) : before.columns,
      ),
    ],
    unrendered: [],
  }
}

/** A routine that can be replaced. */
export function alterRoutine(making: Making, altered: Altered<'routine'>): Alteration {
  const { object, value, difference } = altered
  const rights = new Set(['owner', 'comment', 'grants'])
  const replaced = difference.changes.some(({ property }) => !rights.has(property))
  return {
    statements: [
      ...(replaced ? [statement(object, 'replace', raw(value.definition))] : []),
      ...alterRights(making, altered),
    ],
    unrendered: [],
  }
}

/** Statistics with another target. */
export function alterStatistics(making: Making, altered: Altered<'statistics'>): Alteration {
  const { object, value, difference } = altered
  const change = sql`alter ${target(object)} set statistics ${raw(String(value.target ?? -1))}`
  return {
    statements: [
      ...(hasChanged(difference.changes, 'target') ? [statement(object, 'alter', change)] : []),
      ...alterRights(making, altered),
    ],
    unrendered: [],
  }
}

/** An event trigger that only fires otherwise. */
export function alterEventTrigger(making: Making, altered: Altered<'event_trigger'>): Alteration {
  const enabled = hasChanged(altered.difference.changes, 'enabled') ? [enableEventTrigger(altered.object)] : []
  return { statements: [...enabled, ...alterRights(making, altered)], unrendered: [] }
}

/** A publication of other tables, schemas or events. */
export function alterPublication(making: Making, altered: Altered<'publication'>): Alteration {
  const { object, value, before, difference } = altered
  const has = (property: string) => hasChanged(difference.changes, property)
  const alter = (change: Sql) => statement(object, 'alter', sql`alter ${target(object)} ${change}`, { repair: false })
  const items = publishedItems(value)
  const moved = has('tables') || has('schemas')
  const gone = publishedItems({
    ...before,
    tables: before.tables.map((each) => ({ ...each, columns: null, where: null })),
  })
  return {
    statements: [
      ...(has('events') || has('viaRoot')
        ? [
            alter(
              sql`set (${publicationOptions(value)}${value.viaRoot ? sql`` : sql`, publish_via_partition_root = false`})`,
            ),
          ]
        : []),
      ...(moved && items.length > 0 ? [alter(sql`set ${join(items)}`)] : []),
      ...(moved && items.length === 0 ? [alter(sql`drop ${join(gone)}`)] : []),
      ...alterRights(making, altered),
    ],
    unrendered: [],
  }
}

/** Default privileges. */
export function alterDefaultPrivileges({ object, value, before }: Altered<'default_privileges'>): Alteration {
  return { statements: makeDefaultPrivileges(object, { expected: value, actual: before }), unrendered: [] }
}

import { id, raw, type Sql, sql } from '../../database/sql.ts'
import type { ObjectName } from '../object.ts'
import type { Alteration, Altered } from './alteration.ts'
import type { Making } from './making.ts'
import { optionListChanges, settingChanges } from './settings.ts'
import { columnGrants, commentOn, grantsOn, ownerOf } from './rights.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { attachPartition } from './make-table.ts'
import { hasChanged } from './verdict.ts'

/** A table itself, without its parts. */
export function alterTable(making: Making, altered: Altered<'table'>): Alteration {
  const { object, value, before, difference } = altered
  const name = id(...object.path)
  const alter = (change: Sql, flags = {}) => statement(object, 'alter', sql`alter table ${name} ${change}`, flags)
  const has = (property: string) => hasChanged(difference.changes, property)
  const statements: RenderedStatement[] = [
    ...(has('owner') && value.owner !== null ? [ownerOf(object, value.owner, making.roles)] : []),
    ...(has('comment') ? [commentOn(object, value.comment)] : []),
    ...(has('persistence')
      ? [alter(raw(value.persistence === 'unlogged' ? 'set unlogged' : 'set logged'), { repair: false })]
      : []),
    ...(has('rowSecurity.enabled')
      ? [
          alter(raw(`${value.rowSecurity.enabled ? 'enable' : 'disable'} row level security`), {
            repair: value.rowSecurity.enabled,
          }),
        ]
      : []),
    ...(has('rowSecurity.forced')
      ? [
          alter(raw(`${value.rowSecurity.forced ? '' : 'no '}force row level security`), {
            repair: value.rowSecurity.forced,
          }),
        ]
      : []),
    // The index says it of itself.
    ...(has('replicaIdentity') && value.replicaIdentity !== 'index'
      ? [alter(raw(`replica identity ${value.replicaIdentity}`))]
      : []),
    ...parentChanges(altered),
    ...partitionChange(altered),
    ...settingChanges(value.options, before.options).map((change) => alter(change)),
    ...(has('tablespace')
      ? [alter(sql`set tablespace ${id(value.tablespace ?? 'pg_default')}`, { repair: false })]
      : []),
    ...(has('accessMethod')
      ? [alter(sql`set access method ${id(value.accessMethod ?? 'heap')}`, { repair: false })]
      : []),
    ...foreignChange(altered),
    ...grantsOn(object, { expected: value.grants, actual: before.grants, owner: value.owner }),
    ...(has('grants') ? grantsOnColumns(altered) : []),
  ]
  return { statements, unrendered: impossible(altered) }
}

// What is revoked from a table is revoked from its columns, too: what is granted on those is granted again.
function grantsOnColumns({ object, value, before }: Altered<'table'>): RenderedStatement[] {
  const there = new Set(before.columns.map(({ name }) => name))
  return value.columns
    .filter(({ name }) => there.has(name))
    .flatMap(({ name, grants }) => columnGrants(object, name, { expected: grants, actual: [] }))
}

function parentChanges({ object, value, before }: Altered<'table'>): RenderedStatement[] {
  const text = ({ schema, name }: ObjectName) => JSON.stringify([schema, name])
  const change = (word: string, { schema, name }: ObjectName) =>
    statement(object, 'alter', sql`alter table ${id(...object.path)} ${raw(word)} ${id(schema, name)}`, {
      repair: false,
    })
  const [now, was] = [value.inherits.map(text), before.inherits.map(text)]
  return [
    ...before.inherits.filter((parent) => !now.includes(text(parent))).map((parent) => change('no inherit', parent)),
    ...value.inherits.filter((parent) => !was.includes(text(parent))).map((parent) => change('inherit', parent)),
  ]
}

function partitionChange({ object, difference, before }: Altered<'table'>): RenderedStatement[] {
  if (!hasChanged(difference.changes, 'partitionOf')) return []
  const parent = before.partitionOf?.parent
  const name = id(...object.path)
  const detach =
    parent === undefined
      ? []
      : [
          statement(
            object,
            'detach partition',
            sql`alter table ${id(parent.schema, parent.name)} detach partition ${name}`,
            {
              repair: false,
            },
          ),
        ]
  return [...detach, ...attachPartition(object)]
}

function foreignChange({ object, value, before }: Altered<'table'>): RenderedStatement[] {
  if (value.foreign === null || before.foreign === null) return []
  const change = optionListChanges(value.foreign.options, before.foreign.options)
  return change === undefined
    ? []
    : [statement(object, 'alter', sql`alter foreign table ${id(...object.path)} options (${change})`)]
}

function impossible({ difference, value }: Altered<'table'>): string[] {
  const has = (property: string) => hasChanged(difference.changes, property)
  return [
    ...(has('foreign.server') || (has('foreign') && value.foreign === null)
      ? ['The server of a foreign table cannot be changed.']
      : []),
    ...(has('columns.order') ? ['The order of columns cannot be changed; only a new table has another.'] : []),
  ]
}

import { id, join, literal, sql, type Sql } from '../../database/database.ts'
import type { DraftColumn, DraftEnum, DraftTable } from '../batch/draft.ts'
import { nearest } from '../../nearest.ts'
import { dependentsOfType } from '../preflight/type-dependents-check.ts'
import type { AlterEnum, CreateEnum, KeyPath, RemoveEnum } from './action.ts'
import { replaceColumn } from './replace-column.ts'
import { bindDefault } from './bindings.ts'
import {
  findEnum,
  internal,
  placeOf,
  problem,
  relationExists,
  stepOf,
  transaction,
  type ActionContext,
} from './context.ts'

/** The type is there for both versions from the start on. */
export function compileCreateEnum(action: CreateEnum, context: ActionContext): void {
  const { draft } = context
  if (isTypeTaken(context, action.name)) {
    problem(context, ['name'], `There is a type ${action.name} already.`, 'Choose another name.')
    return
  }
  const twice = action.values.findIndex((label, place) => action.values.indexOf(label) < place)
  if (twice !== -1) {
    problem(context, ['values', twice], `Label ${action.values[twice]} is there twice.`, 'Remove one of the two.')
    return
  }
  const added = additionsOf(context, action.name)
  if (!areNew(action.name, action.values, added)) return
  // Old sessions see none of it, so labels that later actions add may be there at once.
  const labels = [...action.values, ...added.map(({ value }) => value)]
  for (const addition of added) bindDown(addition, id(action.name).inline('postgres'))
  draft.enums.push({ name: action.name, physical: action.name, labels, created: true, removed: false })
  const type = id(draft.base, action.name)
  draft.expand.push(
    stepOf(context, 'create', `create enum ${action.name}`, transaction([], createType(type, labels)), [
      transaction([], sql`drop type if exists ${type}`),
    ]),
  )
}

/** The type goes when the batch is complete; nothing that stays may use it. */
export function compileRemoveEnum(action: RemoveEnum, context: ActionContext): void {
  const { draft } = context
  const found = requireEnum(context, action.enum, ['enum'])
  if (found === undefined) return
  found.removed = true
  draft.finalChecks.push(() => {
    for (const { table, column } of columnsOf(context, found.physical)) {
      problem(
        context,
        ['enum'],
        `Enum ${action.enum} cannot be removed: column ${table.name}.${column.name} uses it.`,
        'Alter or remove the column in the same batch.',
      )
    }
  })
  if (!found.created) noteDependents(context, action.enum, ['enum'], 'removed')
  draft.finish.push(() => [
    stepOf(
      context,
      'drop',
      `drop enum ${action.enum}`,
      transaction([], sql`drop type if exists ${id(draft.base, action.enum)}`),
    ),
  ])
}

/**
 * A second type with all labels, and a second column for each that has the enum; the new version uses these. What later
 * actions of the batch add to the enum is added at once.
 */
export function compileAlterEnum(action: AlterEnum, context: ActionContext): void {
  const { draft } = context
  const found = requireEnum(context, action.name, ['name'])
  if (found === undefined || found.created || found.physical !== found.name) return
  const added = [...additionsIn(action, context), ...additionsOf(context, action.name)]
  if (!areNew(action.name, found.labels, added)) return
  const domain = draft.catalog.types.find(
    (type) => type.kind === 'domain' && enumArray(context, found.physical, type.base) !== undefined,
  )
  if (domain !== undefined) {
    problem(
      context,
      ['name'],
      `Domain ${domain.name} is over ${action.name}, and the columns of a domain cannot be kept in step.`,
      'Alter the columns to the enum itself first.',
    )
    return
  }
  noteDependents(context, action.name, ['name'], 'altered')
  const before = found.physical
  const physical = internal(context, 'enum', action.name)
  const labels = [...found.labels, ...added.map(({ value }) => value)]
  // A fallback of this action is a label that old sessions know; one of a later action may be a label that this one adds.
  for (const addition of added) {
    bindDown(addition, typeText(context, addition.context === context ? before : physical, ''))
  }
  const type = id(draft.base, physical)
  draft.expand.push(
    stepOf(context, 'type', `add labels to enum ${action.name}`, transaction([], createType(type, labels)), [
      transaction([], sql`drop type if exists ${type}`),
    ]),
  )
  const columns = columnsOf(context, before)
  for (const { table, column, array } of columns) {
    replaceColumn(context, table, column, {
      up: castUp(column, typeText(context, physical, array), array),
      down: castDown(added, column, typeText(context, before, array), typeText(context, before, ''), array),
      name: column.name,
      type: typeText(context, physical, array),
      nullable: column.nullable,
      default: column.default === null ? null : recast(context, column.default, before, physical),
      comment: column.comment,
      fromFile: false,
    })
  }
  found.physical = physical
  found.labels = labels
  draft.typeSwaps.push({
    tables: columns.map(({ table }) => table),
    statements: [sql`drop type ${id(draft.base, before)}`, sql`alter type ${type} rename to ${id(action.name)}`],
  })
}

/** A label that an action adds, and where in the files that is said. */
interface Addition {
  readonly context: ActionContext
  readonly place: number
  readonly value: string
  readonly down: string
}

function additionsIn({ add }: AlterEnum, context: ActionContext): readonly Addition[] {
  return add.map(({ value, down }, place) => ({ context, place, value, down }))
}

// What actions after this one add to the enum of that name.
function additionsOf(context: ActionContext, name: string): readonly Addition[] {
  const { draft, migration, index } = context
  const { migrations } = draft.input
  const own = migrations.findIndex((candidate) => candidate.name === migration)
  const later = migrations.slice(own).flatMap(({ name: of, part }, place) =>
    part.actions.flatMap((action, at) => {
      const isLater = place > 0 || at > index
      return isLater ? [{ action, context: { draft, migration: of, part, index: at } }] : []
    }),
  )
  const end = later.findIndex(({ action }) => action.type === 'remove_enum' && action.enum === name)
  return later
    .slice(0, end === -1 ? undefined : end)
    .flatMap(({ action, context: of }) =>
      action.type === 'alter_enum' && action.name === name ? additionsIn(action, of) : [],
    )
}

function areNew(name: string, labels: readonly string[], added: readonly Addition[]): boolean {
  const known = new Set(labels)
  let allNew = true
  for (const { context, place, value } of added) {
    if (known.has(value)) {
      allNew = false
      problem(context, ['add', place, 'value'], `Enum ${name} has the label ${value} already.`, 'Remove it here.')
    }
    known.add(value)
  }
  return allNew
}

function bindDown({ context, place, down }: Addition, type: string): void {
  bindDefault(context, ['add', place, 'down'], down, type)
}

function isTypeTaken(context: ActionContext, name: string): boolean {
  const { draft } = context
  const isNamed = (object: { readonly schema: string; readonly name: string }) =>
    object.schema === draft.base && object.name === name
  return (
    findEnum(context, name) !== undefined ||
    draft.catalog.types.some(isNamed) ||
    // Every table and view has a type of its name.
    relationExists(context, name) ||
    draft.tables.some((table) => table.physical === name || table.name === name)
  )
}

function requireEnum(context: ActionContext, name: string, path: KeyPath): DraftEnum | undefined {
  const found = findEnum(context, name)
  if (found !== undefined) return found
  const names = context.draft.enums.flatMap((one) => (one.removed ? [] : [one.name]))
  const other = nearest(name, names)
  problem(
    context,
    path,
    `There is no enum ${name}.`,
    other === undefined ? 'Name an enum that exists at this place of the batch.' : `Did you mean ${other}?`,
  )
  return undefined
}

// Functions and the like that name the type, and would keep it from being dropped when there is no way back.
function noteDependents(context: ActionContext, name: string, path: KeyPath, verb: 'removed' | 'altered'): void {
  const { draft } = context
  draft.checks.push(
    dependentsOfType({
      schema: draft.base,
      type: name,
      verb,
      ignoredSchemas: [draft.newSchema, ...(draft.oldSchema === null ? [] : [draft.oldSchema])],
      label: `enum ${name}`,
      place: placeOf(context, path),
    }),
  )
}

function createType(type: Sql, labels: readonly string[]): Sql {
  return sql`create type ${type} as enum (${join(labels.map((label) => literal(label)))})`
}

interface EnumColumn {
  readonly table: DraftTable
  readonly column: DraftColumn
  /** `[]` for a column of arrays. */
  readonly array: string
}

function columnsOf(context: ActionContext, physical: string): EnumColumn[] {
  return context.draft.tables.flatMap((table) =>
    table.columns.flatMap((column) => {
      const array = enumArray(context, physical, column.type)
      return array === undefined ? [] : [{ table, column, array }]
    }),
  )
}

// `mode`, `public.mode`, `"Mode"[]`: as catalogs and authors write the type; undefined when it is another one.
function enumArray({ draft }: ActionContext, physical: string, type: string): string | undefined {
  const [, path = '', array = ''] = /^\s*(.*?)\s*((?:\[\s*\d*\s*\])*)\s*$/s.exec(type) ?? []
  const spellings = [
    physical,
    id(physical).inline('postgres'),
    `${draft.base}.${physical}`,
    id(draft.base, physical).inline('postgres'),
    `${draft.base}.${id(physical).inline('postgres')}`,
    `${id(draft.base).inline('postgres')}.${physical}`,
  ]
  const plain = path.startsWith('"') || path.includes('."') ? path : path.toLowerCase()
  return spellings.includes(plain) ? (array === '' ? '' : '[]') : undefined
}

function typeText({ draft }: ActionContext, physical: string, array: string): string {
  return `${id(draft.base, physical).inline('postgres')}${array}`
}

function castUp(column: DraftColumn, type: string, array: string): string {
  return sql`${id(column.name)}::text`.inline('postgres') + `${array}::${type}`
}

// Added labels become the ones that old sessions know; all others keep their name.
function castDown(
  added: readonly Addition[],
  column: DraftColumn,
  type: string,
  element: string,
  array: string,
): string {
  const name = id(column.name).inline('postgres')
  if (array === '') return oldLabel(name, added, element)
  const items = `select ${oldLabel('item', added, element)} from unnest(${name}) with ordinality as items (item, place) order by place`
  return `case when ${name} is not null then array(${items})::${type} end`
}

function oldLabel(value: string, added: readonly Addition[], element: string): string {
  const cases = added.map((addition) => {
    // What its fallback is to old sessions, where an action before it has added that one.
    const before = added.slice(
      0,
      added.findIndex(({ context }) => context === addition.context),
    )
    const fallback =
      before.length === 0 ? `(${addition.down})::${element}` : oldLabel(`(${addition.down})`, before, element)
    return `when ${literal(addition.value).inline('postgres')} then ${fallback}`
  })
  return `case ${value}::text ${cases.join(' ')} else ${value}::text::${element} end`
}

// `'fast'::mode` as the catalog prints a default.
function recast(context: ActionContext, text: string, before: string, after: string): string {
  const [, value] = /^('(?:[^']|'')*')::/.exec(text) ?? []
  if (value === undefined) return `(${text})::text::${typeText(context, after, '')}`
  return `${value}::${typeText(context, after, text.trimEnd().endsWith('[]') ? '[]' : '')}${before === after ? '' : ''}`
}

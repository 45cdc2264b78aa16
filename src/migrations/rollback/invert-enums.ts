import { id, literal } from '../../database/database.ts'
import type { Action, AlterEnum, CreateEnum, RemoveEnum } from '../actions/action.ts'
import { internalName } from '../batch/names.ts'
import type { Inverting } from './inversion.ts'
import { findEnum, type ModelColumn, type ModelTable } from './model.ts'

/** An enum that was made goes. */
export function invertCreateEnum({ name, values }: CreateEnum, { model }: Inverting): Action[] {
  model.enums.push({ name, labels: values, removed: false })
  return [{ type: 'remove_enum', enum: name }]
}

/** An enum that was removed comes back. */
export function invertRemoveEnum({ enum: name }: RemoveEnum, it: Inverting): Action[] {
  const found = findEnum(it.model, name)
  if (found === undefined) {
    it.obstacles.push(`How enum ${name} was before it is not known.`)
    return []
  }
  found.removed = true
  return [{ type: 'create_enum', name, values: found.labels }]
}

/**
 * No label can be taken from an enum, so another one without them takes its place and its name. Rows that have one of them get
 * what the old version read in its place.
 */
export function invertAlterEnum({ name, add }: AlterEnum, it: Inverting): Action[] {
  const found = findEnum(it.model, name)
  if (found === undefined) {
    it.obstacles.push(`How enum ${name} was before it is not known.`)
    return []
  }
  const before = found.labels
  found.labels = [...before, ...add.map(({ value }) => value)]
  const between = internalName(it.migration, 'rollback', 'enum', name)
  const uses = usesOf(name, it)
  const labels = add.map(({ value }) => value)
  for (const use of uses) it.losses.push({ kind: 'labels', ...use, labels })
  const [temporary, final] = [between, name].map((one) => id(one).inline('postgres')) as [string, string]
  return [
    { type: 'create_enum', name: between, values: before },
    ...uses.map((use): Action => {
      const { name: column, default: value } = use.column.declaration
      return {
        type: 'alter_column',
        table: use.table.name,
        column,
        up: withoutLabels(use, add, temporary),
        down: `${id(column).inline('postgres')}::text${use.array ? '[]' : ''}::${final}${use.array ? '[]' : ''}`,
        changes: {
          type: `${temporary}${use.array ? '[]' : ''}`,
          ...(value !== undefined && { default: recast(value, temporary, use.array) }),
        },
      }
    }),
    { type: 'remove_enum', enum: name },
    { type: 'custom', complete: `alter type ${temporary} rename to ${final}` },
  ]
}

interface EnumUse {
  readonly table: ModelTable
  readonly column: ModelColumn
  readonly array: boolean
}

function usesOf(name: string, { model, base }: Inverting): EnumUse[] {
  return model.tables.flatMap((table) =>
    table.removed
      ? []
      : table.columns.flatMap((column) => {
          const array = column.removed ? undefined : arrayOf(column.declaration.type, name, base)
          return array === undefined ? [] : [{ table, column, array }]
        }),
  )
}

// Whether a type is an array of the enum; undefined when it is neither that nor the enum itself.
function arrayOf(type: string, name: string, base: string): boolean | undefined {
  const [, path = '', array = ''] = /^\s*(.*?)\s*((?:\[\s*\d*\s*\])*)\s*$/s.exec(type) ?? []
  const quoted = [name, base].map((one) => id(one).inline('postgres')) as [string, string]
  const spellings = [base, quoted[1], ''].flatMap((schema) =>
    [name, quoted[0]].map((one) => (schema === '' ? one : `${schema}.${one}`)),
  )
  const isKnown = spellings.includes(path) || (!path.includes('"') && spellings.includes(path.toLowerCase()))
  return isKnown ? array !== '' : undefined
}

function withoutLabels({ column, array }: EnumUse, add: AlterEnum['add'], type: string): string {
  const name = id(column.declaration.name).inline('postgres')
  if (!array) return oldLabel(name, add, type)
  const items = `select ${oldLabel('item', add, type)} from unnest(${name}) with ordinality as items (item, place) order by place`
  return `case when ${name} is not null then array(${items})::${type}[] end`
}

function oldLabel(value: string, add: AlterEnum['add'], type: string): string {
  const cases = add.map(({ value: label, down }) => `when ${literal(label).inline('postgres')} then (${down}\n)::text`)
  return `(case ${value}::text ${cases.join(' ')} else ${value}::text end)::${type}`
}

// `'fast'::mode` as the catalog prints a default.
function recast(value: string, type: string, array: boolean): string {
  const [, text] = /^('(?:[^']|'')*')::/.exec(value) ?? []
  const suffix = array ? '[]' : ''
  return text === undefined ? `(${value})::text${suffix}::${type}${suffix}` : `${text}::${type}${suffix}`
}

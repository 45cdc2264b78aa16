import { diffCatalogs, foreignKeysTo, type Catalog, type Difference, type ObjectKind } from '../catalog/catalog.ts'
import type { Action } from '../migrations/migrations.ts'
import {
  checkAction,
  foreignKeyAction,
  indexAction,
  isActionForeignKey,
  uniqueIndexAction,
} from './render-actions-parts.ts'
import { addColumnAction, alterColumnAction, removeColumnAction } from './render-actions-columns.ts'
import { quoted } from './quoting.ts'
import { tableAction } from './render-actions-tables.ts'
import type { ActionInput, RenderedAction } from './rendered-action.ts'

/**
 * The actions that bring the state nearer to what is wanted, in an order in which each finds what it needs. What no action
 * can do exactly is left out: whoever runs them compares again. Pure.
 */
export function renderActions(input: ActionInput): readonly RenderedAction[] {
  return withBareTypes(orderedActions(input), input)
}

function orderedActions(input: ActionInput): readonly RenderedAction[] {
  const { wanted, current, base } = input
  const differences = diffCatalogs(wanted, current, { ignoreChange: (_, { property }) => property === 'owner' })
  const inBase = differences.filter(({ object }) => object.path[0] === base)
  const of = (kind: ObjectKind, how: Difference['kind']) =>
    inBase.filter((difference) => difference.kind === how && difference.object.kind === kind)
  const made = new Map(
    of('table', 'missing').flatMap(({ object }): [string, RenderedAction][] => {
      const action = tableAction(input, object.path[1] ?? '')
      return action === undefined ? [] : [[object.path[1] ?? '', { action }]]
    }),
  )
  const isThere = (name: string) =>
    made.has(name) || current.tables.some((table) => table.schema === base && table.name === name)
  const parts =
    (how: Difference['kind'], render: (difference: Difference) => RenderedAction | undefined) => (kind: ObjectKind) =>
      of(kind, how).flatMap((difference) => render(difference) ?? [])
  const early = enumsNeededBefore(input)
  const newParts = partsOfNewTables(input, [...made.keys()])
  const missing = parts('missing', (difference) => missingPart(input, difference, isThere))
  const unexpected = parts('unexpected', (difference) => unexpectedPart(input, difference))
  return [
    ...renamedTables(input),
    ...missing('type').filter(({ action }) => action.type !== 'create_enum' || !early.has(action.name)),
    ...parts('different', (difference) => alteredEnum(difference))('type'),
    ...unexpected('constraint'),
    ...made.values(),
    ...missing('column'),
    ...alteredColumns(input, of('column', 'different')),
    ...missing('index'),
    ...newParts.filter(({ action }) => action.type === 'add_index'),
    ...missing('constraint'),
    ...newParts.filter(
      ({ action }) => action.type === 'add_foreign_key' && isThere(action.foreign_key.referenced_table),
    ),
    ...unexpected('index'),
    ...unexpected('column'),
    ...unexpected('table'),
    ...unexpected('type'),
  ]
}

/**
 * The new enums, by name, that columns of present tables are of: an action that makes one does so too late for them, so they
 * have to be there before. Pure.
 */
export function enumsNeededBefore({ wanted, current, base }: Omit<ActionInput, 'renames'>): ReadonlySet<string> {
  const fresh = wanted.types.filter(
    ({ kind, schema, name }) =>
      kind === 'enum' && schema === base && !current.types.some((one) => one.schema === base && one.name === name),
  )
  const types = wanted.tables
    .filter(({ schema, name }) => current.tables.some((one) => one.schema === schema && one.name === name))
    .flatMap(({ columns }) => columns.map(({ type }) => type.replace(/(\[\])+$/, '')))
  return new Set(
    fresh
      .map(({ name }) => name)
      .filter((name) => types.some((type) => [`${base}.${name}`, `${base}.${quoted(name)}`].includes(type))),
  )
}

function renamedTables({ renames }: ActionInput): RenderedAction[] {
  return renames.flatMap(({ table, column, to }) =>
    column === null ? [{ action: { type: 'rename_table' as const, table: table.name, new_name: to } }] : [],
  )
}

// Indexes and foreign keys of a new table follow from it and are not told beside it.
function partsOfNewTables({ wanted, base }: ActionInput, names: readonly string[]): RenderedAction[] {
  return wanted.tables
    .filter(({ schema, name }) => schema === base && names.includes(name))
    .flatMap((table) => [
      ...table.indexes.flatMap((index) => indexAction(table.name, index) ?? []),
      ...table.constraints.flatMap(
        (one) => foreignKeyAction(table.name, one, base) ?? uniqueIndexAction(table.name, one) ?? [],
      ),
    ])
    .map((action) => ({ action }))
}

function missingPart(
  input: ActionInput,
  { object, expected }: Difference,
  isThere: (table: string) => boolean,
): RenderedAction | undefined {
  const [, table = ''] = object.path
  if (expected?.kind === 'type') return createdEnum(expected.value)
  if (expected === null || !isThere(table)) return undefined
  if (expected.kind === 'column') return addColumnAction(input, table, expected.value)
  if (expected.kind === 'index') return plain(indexAction(table, expected.value))
  if (expected.kind !== 'constraint') return undefined
  const key = foreignKeyAction(table, expected.value, input.base)
  if (key !== undefined) return isThere(key.foreign_key.referenced_table) ? { action: key } : undefined
  return plain(checkAction(table, expected.value) ?? uniqueIndexAction(table, expected.value))
}

function unexpectedPart(input: ActionInput, { object, actual }: Difference): RenderedAction | undefined {
  const [, name = '', part = ''] = object.path
  switch (actual?.kind) {
    case 'table':
      return isRemovable(input, name) ? { action: { type: 'remove_table', table: name } } : undefined
    case 'column':
      return removeColumnAction(input, name, actual.value)
    case 'index':
      return actual.value.constraint === null ? { action: { type: 'remove_index', index: part } } : undefined
    case 'constraint':
      if (actual.value.kind === 'check') return { action: { type: 'remove_check', table: name, check: part } }
      return isActionForeignKey(actual.value)
        ? { action: { type: 'remove_foreign_key', table: name, foreign_key: part } }
        : undefined
    case 'type':
      return actual.value.kind === 'enum' ? { action: { type: 'remove_enum', enum: name } } : undefined
    default:
      return undefined
  }
}

// A table that another schema's table refers to, or that is more than a table, is not an action's to remove.
function isRemovable({ current, base }: ActionInput, name: string): boolean {
  const table = current.tables.find((one) => one.schema === base && one.name === name)
  const others = foreignKeysTo(current, { schema: base, name }).filter(({ table: from }) => from.schema !== base)
  return table?.kind === 'table' && table.partitionOf === null && others.length === 0
}

type AnyType = Catalog['types'][number]

function createdEnum(type: AnyType): RenderedAction | undefined {
  if (type.kind !== 'enum') return undefined
  return { action: { type: 'create_enum', name: type.name, values: type.labels } }
}

// Labels come at the end, and old sessions read an old one in their place.
function alteredEnum({ expected, actual }: Difference): RenderedAction | undefined {
  if (expected?.kind !== 'type' || actual?.kind !== 'type') return undefined
  const [wanted, there] = [expected.value, actual.value]
  if (wanted.kind !== 'enum' || there.kind !== 'enum') return undefined
  const [first] = there.labels
  const added = wanted.labels.slice(there.labels.length)
  if (first === undefined || added.length === 0 || there.labels.some((label, at) => wanted.labels[at] !== label)) {
    return undefined
  }
  const down = `'${first.replaceAll("'", "''")}'`
  return {
    action: { type: 'alter_enum', name: wanted.name, add: added.map((value) => ({ value, down })) },
    advice: 'Check down: what sessions of the old version read where a row has a new label.',
  }
}

function alteredColumns(input: ActionInput, differences: readonly Difference[]): RenderedAction[] {
  const { renames, base } = input
  const keyOf = (table: string, column: string) => JSON.stringify([table, column])
  const renamed = new Map(
    renames.flatMap(({ table, column, to }): [string, string][] =>
      column !== null && table.schema === base ? [[keyOf(table.name, to), column]] : [],
    ),
  )
  const changed = differences.flatMap((difference): RenderedAction[] => {
    const [, table = '', column = ''] = difference.object.path
    const action = alterColumnAction(input, difference, renamed.get(keyOf(table, column)))
    if (action === undefined) return []
    renamed.delete(keyOf(table, column))
    return [action]
  })
  const onlyRenamed = [...renamed].map(([key, column]): RenderedAction => {
    const [table = '', name = ''] = JSON.parse(key) as string[]
    return { action: { type: 'alter_column', table, column, changes: { name } } }
  })
  return [...onlyRenamed, ...changed]
}

function plain(action: Action | undefined): RenderedAction | undefined {
  return action === undefined ? undefined : { action }
}

// An enum of the base schema goes by its bare name: one that the same file makes has no schema yet.
function withBareTypes(actions: readonly RenderedAction[], { wanted, base }: ActionInput): readonly RenderedAction[] {
  const names = wanted.types.flatMap(({ kind, schema, name }) => (kind === 'enum' && schema === base ? [name] : []))
  if (names.length === 0) return actions
  const written = names.flatMap((name) => [name, quoted(name)].map((each) => each.replaceAll(/\W/g, '\\$&')))
  const [bare, whole] = [base, quoted(base)].map((each) => each.replaceAll(/\W/g, '\\$&'))
  const pattern = new RegExp(`(?<![\\w".])(?:${bare}|${whole})\\.(${written.join('|')})(?![\\w".])`, 'g')
  const strip = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll(pattern, '$1')
    if (Array.isArray(value)) return value.map(strip)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, strip(inner)]))
  }
  return actions.map(({ action, advice }) => ({ action: strip(action) as Action, advice }))
}

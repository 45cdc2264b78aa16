import { type Catalog, type Column, type Difference } from '../catalog/catalog.ts'
import type { Action } from '../migrations/migrations.ts'
import { quoted, quotedText } from './quoting.ts'
import type { ActionInput, RenderedAction } from './rendered-action.ts'

type ColumnDeclaration = Extract<Action, { readonly type: 'add_column' }>['column']

/** A column as actions declare it; undefined where it has more than they can say. */
export function columnDeclaration(column: Column, table: string, { wanted, base }: ActionInput) {
  const isPlain =
    column.collation === null &&
    column.storage === null &&
    column.compression === null &&
    column.statistics === null &&
    !column.inherited &&
    Object.keys(column.options).length === 0 &&
    column.grants.length === 0
  if (!isPlain) return undefined
  const { name, type, nullable, comment } = column
  const sequence = wanted.sequences.find(
    ({ ownedBy, identity }) =>
      !identity && ownedBy?.table.schema === base && ownedBy.table.name === table && ownedBy.column === name,
  )
  if (sequence !== undefined || /\bnextval\(/.test(column.default ?? '')) return undefined
  const generated = generatedClause(column, table, wanted)
  if (generated === null) return undefined
  return {
    name,
    type,
    ...(!nullable && { nullable }),
    ...(column.default !== null && { default: column.default }),
    ...(generated !== undefined && { generated }),
    ...(comment !== null && { comment }),
  }
}

// Null where an action has no words for it.
function generatedClause(column: Column, table: string, { sequences }: Catalog): string | undefined | null {
  const { generated, identity } = column
  if (generated !== null) return `ALWAYS AS (${generated.expression}) ${generated.storage.toUpperCase()}`
  if (identity === null) return undefined
  if (identity.kind === 'autoincrement' || identity.sequence.name !== `${table}_${column.name}_seq`) return null
  const sequence = sequences.find(
    ({ schema, name }) => schema === identity.sequence.schema && name === identity.sequence.name,
  )
  if (sequence === undefined || sequence.cycle || sequence.cache !== '1') return null
  const options = [
    ...(sequence.start === '1' ? [] : [`START WITH ${sequence.start}`]),
    ...(sequence.increment === '1' ? [] : [`INCREMENT BY ${sequence.increment}`]),
  ]
  const mode = identity.kind === 'always' ? 'ALWAYS' : 'BY DEFAULT'
  return `${mode} AS IDENTITY${options.length === 0 ? '' : ` (${options.join(' ')})`}`
}

/** The action that adds a column, with a value for the rows there are where it needs one. */
export function addColumnAction(input: ActionInput, table: string, column: Column): RenderedAction | undefined {
  const declared: ColumnDeclaration | undefined = columnDeclaration(column, table, input)
  if (declared === undefined) return undefined
  const makesItself = column.nullable || column.default !== null || declared.generated !== undefined
  if (makesItself) return { action: { type: 'add_column', table, column: declared } }
  return {
    action: { type: 'add_column', table, up: emptyValue(column, input.wanted), column: declared },
    advice: `Check up: the value of ${column.name} in the rows there are, and in those that old sessions write.`,
  }
}

/** The action that removes a column, with a value for rows that old sessions read where they need one. */
export function removeColumnAction({ current }: ActionInput, table: string, column: Column): RenderedAction {
  const action = { type: 'remove_column' as const, table, column: column.name }
  const makesItself =
    column.nullable || column.default !== null || column.generated !== null || column.identity !== null
  if (makesItself) return { action }
  return {
    action: { ...action, down: emptyValue(column, current) },
    advice: `Check down: the value of ${column.name} that old sessions read in rows that new ones write.`,
  }
}

const changeable = new Set(['type', 'nullable', 'default', 'comment'])

/** The action that changes a column; undefined where something else changes as well. `old` is its name before, if it had another. */
export function alterColumnAction(
  input: ActionInput,
  { object, expected, actual, changes }: Difference,
  old: string | undefined,
): RenderedAction | undefined {
  if (expected?.kind !== 'column' || actual?.kind !== 'column') return undefined
  if (changes.some(({ property }) => !changeable.has(property))) return undefined
  const [, table = ''] = object.path
  const [wanted, there] = [expected.value, actual.value]
  const isNew = (property: string) => changes.some((change) => change.property === property)
  const present = quoted(old ?? there.name)
  const values = { up: present, down: present }
  const advice: string[] = []
  if (isNew('type')) {
    values.up = cast(present, wanted.type, isEnum(wanted, input.wanted))
    values.down = cast(present, there.type, isEnum(there, input.current))
    advice.push('how values of one type become values of the other')
  }
  if (isNew('nullable')) {
    const side = wanted.nullable ? 'down' : 'up'
    const catalog = wanted.nullable ? input.current : input.wanted
    values[side] = `COALESCE(${values[side]}, ${emptyValue(wanted.nullable ? there : wanted, catalog)})`
    advice.push(wanted.nullable ? 'what old sessions read in place of NULL' : 'what stands in place of NULL')
  }
  return {
    action: {
      type: 'alter_column',
      table,
      column: old ?? there.name,
      ...(values.up !== present && { up: values.up }),
      ...(values.down !== present && { down: values.down }),
      changes: {
        ...(old !== undefined && { name: wanted.name }),
        ...(isNew('type') && { type: wanted.type }),
        ...(isNew('nullable') && { nullable: wanted.nullable }),
        ...(isNew('default') && { default: wanted.default ?? 'NULL' }),
        ...(isNew('comment') && { comment: wanted.comment ?? '' }),
      },
    },
    advice: advice.length === 0 ? undefined : `Check up and down: ${advice.join('; ')}.`,
  }
}

// Enums have casts from and to text only.
function cast(value: string, type: string, throughText: boolean): string {
  return `CAST(${throughText ? `CAST(${value} AS text)` : value} AS ${type})`
}

function isEnum({ type }: Column, { types }: Catalog): boolean {
  return enumOf(type, types) !== undefined
}

function enumOf(type: string, types: Catalog['types']) {
  return types.find(
    (one) => one.kind === 'enum' && [`${one.schema}.${one.name}`, quoted(one.schema, one.name)].includes(type),
  )
}

const emptyValues: readonly (readonly [RegExp, string])[] = [
  [/\[\]$/, `'{}'`],
  [/^(?:smallint|integer|bigint|real|double precision|numeric|money)/, '0'],
  [/^boolean/, 'FALSE'],
  [/^(?:timestamp|date)/, 'now()'],
  [/^uuid/, 'gen_random_uuid()'],
  [/^jsonb?$/, `'{}'`],
  [/^interval/, `'0'`],
  [/^bytea/, `'\\x'`],
]

/** A value for a column where nobody has said one; somebody has to look at it. */
function emptyValue(column: Column, { types }: Catalog): string {
  if (column.default !== null) return column.default
  const known = emptyValues.find(([pattern]) => pattern.test(column.type))
  if (known !== undefined) return known[1]
  const label = enumOf(column.type, types)
  return label?.kind === 'enum' ? quotedText(label.labels[0] ?? '') : `''`
}

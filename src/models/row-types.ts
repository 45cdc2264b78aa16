import type { Catalog, Column, ObjectName, Table, View } from '../catalog/catalog.ts'
import { scalarType, type ScalarForms } from './row-types-scalars.ts'

/** How row types are written. */
export interface RowTypesOptions extends ScalarForms {
  /** The schema whose types have plain names. */
  readonly base: string
  /** Schemas that are left out. */
  readonly without: readonly string[]
}

/**
 * TypeScript types of the rows of a catalog: `Row` is what a query gives, `Insert` what a new row may and must have, `Update`
 * what a change may set. Deterministic. Pure.
 */
export function rowTypes(catalog: Catalog, options: RowTypesOptions): string {
  const isIn = ({ schema }: ObjectName) => !options.without.includes(schema)
  const tables = catalog.tables.filter((table) => isIn(table) && table.partitionOf === null)
  const views = catalog.views.filter(isIn)
  const names = namesOf(
    [...tables, ...views, ...catalog.types.filter((type) => type.kind === 'enum' && isIn(type))],
    options,
  )
  const typeOf = (column: Column) => columnType(column, { catalog, names, forms: options })
  const parts = [
    head(options),
    ...enumTypes(catalog, names, isIn),
    ...tables.map((table) => tableTypes(table, names, typeOf)),
    ...views.map((view) => viewTypes(view, names, typeOf)),
    databaseType(tables, views, names, options),
  ]
  return `${parts.join('\n\n')}\n`
}

type Names = ReadonlyMap<string, string>

function keyOf({ schema, name }: ObjectName): string {
  return JSON.stringify([schema, name])
}

// `ai_guardrails.policy_rules` is AiGuardrailsPolicyRules; two that would be called the same get a number.
function namesOf(all: readonly ObjectName[], { base }: RowTypesOptions): Names {
  const taken = new Set(['JsonValue', 'Database'])
  const names = new Map<string, string>()
  for (const each of all) {
    const words = `${each.schema === base ? '' : `${each.schema}_`}${each.name}`.split(/[^\p{L}\p{N}]+/u)
    const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
    const stem = /^\p{L}/u.test(joined) ? joined : `T${joined}`
    const suffixes = ['', 'Row', 'Insert', 'Update']
    const isFree = (name: string) => suffixes.every((suffix) => !taken.has(name + suffix))
    let name = stem
    for (let number = 2; !isFree(name); number += 1) name = `${stem}${number}`
    for (const suffix of suffixes) taken.add(name + suffix)
    names.set(keyOf(each), name)
  }
  return names
}

function head({ dates, bigints }: ScalarForms): string {
  const said = dates === 'date' ? 'Date, as drivers give them' : 'text, as JSON has them'
  const numbers = bigints === 'number' ? 'numeric is a string' : 'bigint and numeric are strings'
  return `// Made by metastore generate types: run it again instead of changing this file.
// ${numbers}, because a number in JavaScript holds 53 bits; moments and days are ${said}.

/** What json and jsonb hold. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }`
}

function enumTypes(catalog: Catalog, names: Names, isIn: (name: ObjectName) => boolean): string[] {
  return catalog.types.flatMap((type) => {
    if (type.kind !== 'enum' || !isIn(type)) return []
    const labels = type.labels.map((label) => text(label)).join(' | ')
    return [`${comment(type.comment, '')}export type ${names.get(keyOf(type))} = ${labels === '' ? 'never' : labels}`]
  })
}

type TypeOf = (column: Column) => string

function tableTypes(table: Table, names: Names, typeOf: TypeOf): string {
  const name = names.get(keyOf(table)) ?? ''
  const writable = table.columns.filter(({ generated, identity }) => generated === null && identity?.kind !== 'always')
  return [
    interfaceText(
      `${name}Row`,
      table.comment,
      table.columns.map((column) => field(column, typeOf(column), false)),
    ),
    interfaceText(
      `${name}Insert`,
      `A new row of ${table.name}.`,
      writable.map((column) => field(column, typeOf(column), isOptional(column))),
    ),
    interfaceText(
      `${name}Update`,
      `A change of a row of ${table.name}.`,
      writable.map((column) => field(column, typeOf(column), true)),
    ),
  ].join('\n\n')
}

function isOptional({ nullable, default: value, identity }: Column): boolean {
  return nullable || value !== null || identity !== null
}

function viewTypes(view: View, names: Names, typeOf: TypeOf): string {
  const fields = view.columns.map((column) => field(column, typeOf(column), false))
  return interfaceText(`${names.get(keyOf(view))}Row`, view.comment, fields)
}

function field({ name, nullable, comment: said }: Column, type: string, optional: boolean): string {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name)
  return `${comment(said, '  ')}  ${key}${optional ? '?' : ''}: ${type}${nullable ? ' | null' : ''}`
}

function interfaceText(name: string, said: string | null, fields: readonly string[]): string {
  const body = fields.length === 0 ? '{}' : `{\n${fields.join('\n')}\n}`
  return `${comment(said, '')}export interface ${name} ${body}`
}

function databaseType(
  tables: readonly Table[],
  views: readonly View[],
  names: Names,
  { base }: RowTypesOptions,
): string {
  const key = ({ schema, name }: ObjectName) => text(schema === base ? name : `${schema}.${name}`)
  const ofTable = tables.map((table) => {
    const name = names.get(keyOf(table)) ?? ''
    return `  ${key(table)}: { Row: ${name}Row; Insert: ${name}Insert; Update: ${name}Update }`
  })
  const ofView = views.map((view) => `  ${key(view)}: { Row: ${names.get(keyOf(view))}Row }`)
  return interfaceText('Database', 'Every table and view by its name.', [...ofTable, ...ofView])
}

interface ColumnContext {
  readonly catalog: Catalog
  readonly names: Names
  readonly forms: ScalarForms
}

function columnType({ type }: Column, context: ColumnContext): string {
  const depth = /(\[\])*$/.exec(type)?.[0].length ?? 0
  const element = depth === 0 ? type : type.slice(0, -depth)
  const single = elementType(element, context)
  if (depth === 0) return single
  // Elements can be NULL whatever the column says.
  return `(${single} | null)${'[]'.repeat(depth / 2)}`
}

function elementType(type: string, context: ColumnContext): string {
  const { catalog, names, forms } = context
  const made = catalog.types.find(({ schema, name }) =>
    [`${schema}.${name}`, `${schema}.${quotedName(name)}`, `${quotedName(schema)}.${quotedName(name)}`].includes(type),
  )
  if (made?.kind === 'enum') return names.get(keyOf(made)) ?? made.labels.map((label) => text(label)).join(' | ')
  if (made?.kind === 'domain') return elementType(made.base, context)
  return scalarType(type, forms)
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function text(value: string): string {
  return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

function comment(said: string | null, indent: string): string {
  if (said === null || said === '') return ''
  const safe = said.replaceAll('*/', '*\\/').split(/\r?\n/)
  if (safe.length === 1) return `${indent}/** ${safe[0]} */\n`
  return `${indent}/**\n${safe.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`
}

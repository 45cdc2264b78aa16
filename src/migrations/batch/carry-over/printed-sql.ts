import type { ObjectName } from '../../../catalog/catalog.ts'
import { id } from '../../../database/database.ts'
import { isFailure, type Parser } from '../../sql/parser.ts'
import { tokensOf } from '../../sql/scanner.ts'
import { type FromItem, isRecord, itemsOf, listOf, namesIn, type Node } from './from-items.ts'

/** Columns of one table that are to be called otherwise in SQL that the server printed. */
export interface RenamedColumns {
  readonly table: ObjectName
  /** Present name to new name; the two may be equal, for a column that is only looked for. */
  readonly columns: ReadonlyMap<string, string>
  /** Types that are to be named otherwise, by `relationKey`. */
  readonly types?: ReadonlyMap<string, ObjectName> | undefined
}

/** SQL with columns renamed, and what it had to do with them. */
export interface Rewritten {
  readonly text: string
  /** Present names of those columns that it uses. */
  readonly uses: ReadonlySet<string>
  /** Those among them that are used in a way that cannot be rewritten. */
  readonly unclear: ReadonlySet<string>
  /** The relations that it reads, by `relationKey`. */
  readonly reads: ReadonlySet<string>
}

/** What is printed, and in which surroundings. */
export interface Printed {
  readonly text: string
  readonly kind: 'expression' | 'query'
  /** The table whose row an expression is about; null for a query. */
  readonly row: ObjectName | null
  /** Relations that a query is to read in place of others; the key is that of `relationKey`. */
  readonly relations?: ReadonlyMap<string, ObjectName>
}

/** An expression over a row of the table itself, with its columns renamed. */
export function printedExpression(text: string, renamed: RenamedColumns, parser: Parser): string {
  return rewritePrinted({ text, kind: 'expression', row: renamed.table }, renamed, parser).text
}

/** What a map of relations is keyed by. */
export function relationKey({ schema, name }: ObjectName): string {
  return JSON.stringify([schema, name])
}

/**
 * Renames columns in SQL that the server printed with an empty search path. There every table has its schema, `*` is written
 * out, and a column is qualified wherever its query has several tables or is inside another one; so its table can be told
 * from the text alone, but for columns that JOIN … USING merges and tables whose columns an alias renames.
 */
export function rewritePrinted(printed: Printed, renamed: RenamedColumns, parser: Parser): Rewritten {
  const opening = printed.kind === 'expression' ? 'SELECT (' : ''
  const statement = `${opening}${printed.text}${printed.kind === 'expression' ? '\n)' : ''}`
  const parsed = parser.parse(statement)
  if (isFailure(parsed)) return unread(printed.text, renamed)
  const bytes = Buffer.from(statement)
  const walk: Walk = {
    text: printed.text,
    offset: (location) => bytes.subarray(0, location).toString().length - opening.length,
    renamed,
    relations: printed.relations ?? new Map(),
    uses: new Set(),
    unclear: new Set(),
    reads: new Set(),
    edits: [],
  }
  const items = printed.row === null ? [] : [rowItem(printed.row, renamed.table)]
  for (const { node } of parsed) visit(walk, node, items.length === 0 ? [] : [{ items, using: new Set() }])
  const { uses, unclear, reads } = walk
  return { text: applyEdits(printed.text, walk.edits), uses, unclear, reads }
}

/** Whether a text names all of these, as words or quoted names, wherever that may be. */
export function mentions(text: string, names: readonly string[]): boolean {
  const found = new Set<string>()
  for (const { kind, start, end } of tokensOf(text, { start: 0, end: text.length }, 'postgres')) {
    const token = text.slice(start, end)
    if (kind === 'word') found.add(token.toLowerCase())
    if (kind === 'name') found.add(token.slice(1, -1).replaceAll('""', '"'))
  }
  return names.every((name) => found.has(name))
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

interface Walk {
  readonly text: string
  readonly offset: (location: number) => number
  readonly renamed: RenamedColumns
  readonly relations: ReadonlyMap<string, ObjectName>
  readonly uses: Set<string>
  readonly unclear: Set<string>
  readonly reads: Set<string>
  readonly edits: Edit[]
}

/** What one query reads; `using` are the columns that its joins merge. */
interface Scope {
  readonly items: readonly FromItem[]
  readonly using: ReadonlySet<string>
}

function unread(text: string, { columns }: RenamedColumns): Rewritten {
  const found = new Set([...columns.keys()].filter((name) => mentions(text, [name])))
  return { text, uses: found, unclear: found, reads: new Set() }
}

function rowItem(row: ObjectName, table: ObjectName): FromItem {
  return { alias: row.name, kind: row.schema === table.schema && row.name === table.name ? 'table' : 'other' }
}

function visit(walk: Walk, value: unknown, scopes: readonly Scope[]): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(walk, item, scopes)
    return
  }
  if (!isRecord(value)) return
  for (const [key, child] of Object.entries(value)) {
    if (key === 'SelectStmt' && isRecord(child)) visitSelect(walk, child, scopes)
    else if (key === 'ColumnRef' && isRecord(child)) visitColumn(walk, child, scopes)
    else if (key === 'RangeVar' && isRecord(child)) visitRelation(walk, child)
    else if (key === 'typeName' && isRecord(child)) visitType(walk, child, scopes)
    else visit(walk, child, scopes)
  }
}

function visitSelect(walk: Walk, select: Node, outer: readonly Scope[]): void {
  const using = new Set<string>()
  const items = itemsOf(select['fromClause'], walk.renamed.table, using)
  const scopes = items.length === 0 ? outer : [{ items, using }, ...outer]
  if (items.some(({ kind }) => kind !== 'other')) {
    for (const name of using) markUnclear(walk, name)
  }
  for (const [key, child] of Object.entries(select)) {
    // The two sides of UNION and its like, which the parser gives without the name of their kind.
    if ((key === 'larg' || key === 'rarg') && isRecord(child)) visitSelect(walk, child, outer)
    else if (key === 'targetList') for (const target of listOf(child)) visitTarget(walk, target, scopes)
    else visit(walk, child, scopes)
  }
}

// A column of the result is called like the column it shows, unless it is told otherwise.
function visitTarget(walk: Walk, target: unknown, scopes: readonly Scope[]): void {
  const result = isRecord(target) && isRecord(target['ResTarget']) ? target['ResTarget'] : {}
  const value = isRecord(result['val']) ? result['val']['ColumnRef'] : undefined
  if (!isRecord(value) || result['name'] !== undefined) visit(walk, target, scopes)
  else visitColumn(walk, value, scopes, true)
}

function visitColumn(walk: Walk, reference: Node, scopes: readonly Scope[], isResult = false): void {
  const fields = namesIn(reference['fields'])
  const name = fields.at(-1)
  const qualifier = fields.at(-2)
  if (name === undefined || !walk.renamed.columns.has(name) || fields.length > 2) return
  const scope = scopes.find(({ items }) => qualifier === undefined || items.some(({ alias }) => alias === qualifier))
  const items = (scope?.items ?? []).filter(({ alias }) => qualifier === undefined || alias === qualifier)
  if (items.every(({ kind }) => kind === 'other')) return
  if (items.length > 1 || items[0]?.kind !== 'table') {
    markUnclear(walk, name)
    return
  }
  walk.uses.add(name)
  const renamed = walk.renamed.columns.get(name) ?? name
  if (renamed === name) return
  const { start, end } = partAt(walk, Number(reference['location'] ?? 0), fields.length - 1)
  const quoted = id(renamed).inline('postgres')
  walk.edits.push({ start, end, text: isResult ? `${quoted} AS ${id(name).inline('postgres')}` : quoted })
}

function visitRelation(walk: Walk, relation: Node): void {
  const [schema, name] = [relation['schemaname'], relation['relname']]
  if (typeof schema !== 'string' || typeof name !== 'string') return
  walk.reads.add(relationKey({ schema, name }))
  const instead = walk.relations.get(relationKey({ schema, name }))
  if (instead === undefined) return
  const location = Number(relation['location'] ?? 0)
  const alias = relation['alias'] === undefined ? ` AS ${id(name).inline('postgres')}` : ''
  const text = `${id(instead.schema, instead.name).inline('postgres')}${alias}`
  walk.edits.push({ start: partAt(walk, location, 0).start, end: partAt(walk, location, 1).end, text })
}

function visitType(walk: Walk, type: Node, scopes: readonly Scope[]): void {
  const [schema, name] = namesIn(type['names'])
  const instead = schema && name ? walk.renamed.types?.get(relationKey({ schema, name })) : undefined
  if (instead !== undefined) {
    const location = Number(type['location'] ?? 0)
    const text = id(instead.schema, instead.name).inline('postgres')
    walk.edits.push({ start: partAt(walk, location, 0).start, end: partAt(walk, location, 1).end, text })
  }
  visit(walk, type['typmods'], scopes)
}

function markUnclear(walk: Walk, name: string): void {
  if (!walk.renamed.columns.has(name)) return
  walk.uses.add(name)
  walk.unclear.add(name)
}

// The place of one part of a name such as `runs.cost`.
function partAt(walk: Walk, location: number, part: number): { readonly start: number; readonly end: number } {
  const start = walk.offset(location)
  const names = [...firstTokens(walk.text, start, 2 * part + 1)]
  return names[2 * part] ?? { start, end: start }
}

function* firstTokens(text: string, start: number, count: number) {
  let left = count
  for (const token of tokensOf(text, { start, end: text.length }, 'postgres')) {
    if (left === 0) return
    left -= 1
    yield token
  }
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = ''
  let done = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(done, edit.start) + edit.text
    done = edit.end
  }
  return result + text.slice(done)
}

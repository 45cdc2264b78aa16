import { stringify } from 'smol-toml'
import type { Node } from '../sql/parser.ts'
import type { Scene } from './scene.ts'
import type { SeenStatement } from './seen-statement.ts'
import { placedTokens, sliceUntil } from './text-parts.ts'
import type { NodeOf, ObjectRef } from './tree.ts'

/** A file of one zero-downtime action, as TOML; keys without a value are left out. */
export function actionFile(action: Readonly<Record<string, unknown>>): string {
  return `${stringify({ actions: [withoutGaps(action)] }).trim()}\n`
}

function withoutGaps(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (inner === undefined) return []
      const isTable = typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      return [[key, isTable ? withoutGaps(inner as Readonly<Record<string, unknown>>) : inner]]
    }),
  )
}

/**
 * The name of a table as actions take it; undefined for one outside the base schema, which they do not change, and for what
 * the catalog knows to be no table.
 */
export function tableForAction(
  { schema, catalog }: Pick<Scene, 'schema' | 'catalog'>,
  ref: ObjectRef,
): string | undefined {
  if (ref.schema !== null && ref.schema !== schema) return undefined
  const isThere = catalog?.tables.some((table) => table.schema === schema && table.name === ref.name) ?? true
  return isThere ? ref.name : undefined
}

// What ends a type or an expression that stands behind a column.
const columnStops: readonly string[] = [
  'constraint',
  'not',
  'null',
  'default',
  'check',
  'unique',
  'primary',
  'references',
  'generated',
  'collate',
  'using',
  'storage',
  'compression',
]

/** A type as it is written. */
export function typeText({ text, within }: SeenStatement, type: NodeOf<'TypeName'> | undefined): string {
  return sliceUntil(text, within(type?.location), columnStops).trim()
}

/** The expression of a DEFAULT, as it is written. */
export function defaultText({ text, within }: SeenStatement, constraint: NodeOf<'Constraint'>): string {
  const word = within(constraint.location)
  const first = placedTokens(text).find(({ start }) => start > word)
  return first === undefined
    ? ''
    : sliceUntil(
        text,
        first.start,
        columnStops.filter((stop) => stop !== 'null'),
      ).trim()
}

const kinds = new Set(['btree', 'hash', 'gist', 'spgist', 'gin', 'brin'])

/** The action that builds the index of a CREATE INDEX; undefined where the index has what actions cannot say. */
export function addIndexAction(statement: SeenStatement, scene: Pick<Scene, 'schema' | 'catalog'>): string | undefined {
  if (!('IndexStmt' in statement.node)) return undefined
  const index = statement.node.IndexStmt
  const { relation, accessMethod, unique, whereClause, indexParams = [] } = index
  const table = tableForAction(scene, { schema: relation?.schemaname ?? null, name: relation?.relname ?? '' })
  const columns = indexParams.map(plainKey)
  const name = indexName(index)
  const unsayable = [index.indexIncludingParams, index.options, index.tableSpace, index.nulls_not_distinct]
  if (table === undefined || name === undefined || columns.includes(undefined)) return undefined
  if (unsayable.some((part) => part !== undefined) || !kinds.has(accessMethod ?? 'btree')) return undefined
  return actionFile({
    type: 'add_index',
    table,
    index: {
      name,
      columns,
      unique: unique === true ? true : undefined,
      type: accessMethod === 'btree' ? undefined : accessMethod,
      where: whereClause === undefined ? undefined : conditionText(statement),
    },
  })
}

/** The name of an index: the one it is given, or one as PostgreSQL makes them; undefined where that is not so simple. */
export function indexName({ idxname, relation, indexParams = [] }: NodeOf<'IndexStmt'>): string | undefined {
  if (idxname !== undefined) return idxname
  const columns = indexParams.map((item) => ('IndexElem' in item ? item.IndexElem.name : undefined))
  const name = [relation?.relname, ...columns, 'idx'].join('_')
  return columns.includes(undefined) || Buffer.byteLength(name) > 63 ? undefined : name
}

function plainKey(node: Node): unknown {
  if (!('IndexElem' in node)) return undefined
  const { name, expr, opclass, collation, ordering, nulls_ordering: nulls } = node.IndexElem
  if (name === undefined || expr !== undefined || opclass !== undefined || collation !== undefined) return undefined
  const direction = ordering === 'SORTBY_DESC' ? 'DESC' : ordering === 'SORTBY_ASC' ? 'ASC' : undefined
  const place = nulls === 'SORTBY_NULLS_FIRST' ? 'FIRST' : nulls === 'SORTBY_NULLS_LAST' ? 'LAST' : undefined
  if (direction === undefined && place === undefined) return name
  return { column: name, ...(direction && { direction }), ...(place && { nulls: place }) }
}

function conditionText({ text }: SeenStatement): string {
  const word = placedTokens(text).find((token) => token.depth === 0 && token.text === 'where')
  return word === undefined ? '' : text.slice(word.end).trim()
}

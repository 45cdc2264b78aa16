import type { Catalog } from '../../catalog/catalog.ts'
import type { SqlText } from '../actions/action.ts'
import { isFailure, type Parser } from '../sql/parser.ts'
import { isRecord, listOf, namesIn, type Node } from './carry-over/from-items.ts'

/** A type as SQL names it, without its length or precision. */
export interface TypeName {
  /** The last part of its name as the server's catalogs have it: `int4` for `INTEGER`. */
  readonly name: string
  /** Null where it is named without one; `pg_catalog` for the words of the grammar, such as `INTEGER`. */
  readonly schema: string | null
  readonly array: boolean
}

/** The type that a text names; undefined for one that names none. */
export function typeNameOf(text: SqlText, parser: Parser): TypeName | undefined {
  const parsed = parser.parse(`SELECT NULL::${text}`)
  const statement: unknown = isFailure(parsed) ? undefined : parsed[0]?.node
  const [target] = listOf(at(statement, 'SelectStmt')['targetList'])
  const type = at(at(at(target, 'ResTarget')['val'], 'TypeCast'), 'typeName')
  const path = namesIn(type['names'])
  const name = path.at(-1)
  return name === undefined
    ? undefined
    : { name, schema: path.at(-2) ?? null, array: type['arrayBounds'] !== undefined }
}

/** What a type is made of: itself, or for a domain the type below it. */
export function underlyingType(text: SqlText, parser: Parser, catalog: Pick<Catalog, 'types'>): TypeName | undefined {
  const type = typeNameOf(text, parser)
  const found = type?.array === false ? domainOf(type, catalog) : undefined
  return found === undefined ? type : underlyingType(found.base, parser, catalog)
}

/** The domain of that name. */
export function domainOf({ name, schema }: TypeName, { types }: Pick<Catalog, 'types'>) {
  const found = types.find((type) => type.name === name && (schema === null || type.schema === schema))
  return found?.kind === 'domain' ? found : undefined
}

function at(value: unknown, key: string): Node {
  const child = isRecord(value) ? value[key] : undefined
  return isRecord(child) ? child : {}
}

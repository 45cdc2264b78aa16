import type { Catalog } from '../../catalog/catalog.ts'
import type { SqlText } from '../actions/action.ts'
import type { Parser } from '../sql/parser.ts'
import { isVolatile, parseExpression } from './expression.ts'
import { domainOf, typeNameOf } from './type-name.ts'

/**
 * Whether ADD COLUMN with this default leaves the table's rows as they are: a default that is the same for every row is kept
 * beside them, while a volatile one is evaluated for each, and all of them are written anew under an exclusive lock
 * (PostgreSQL manual, ALTER TABLE, Notes).
 */
export function isConstantDefault(
  text: SqlText,
  parser: Parser,
  catalog: Pick<Catalog, 'routines'>,
): 'constant' | 'volatile' {
  return isVolatile(parseExpression(text, parser), catalog) ? 'volatile' : 'constant'
}

/**
 * Whether a type is a domain with constraints: ADD COLUMN of such a type writes all rows anew, whatever the default, because
 * even a null has to be checked.
 */
export function isConstrainedDomain(type: SqlText, parser: Parser, catalog: Pick<Catalog, 'types'>): boolean {
  const named = typeNameOf(type, parser)
  const domain = named?.array === false ? domainOf(named, catalog) : undefined
  if (domain === undefined) return false
  return !domain.nullable || domain.constraints.length > 0 || isConstrainedDomain(domain.base, parser, catalog)
}

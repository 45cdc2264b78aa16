import { isFailure, type Parser } from '../../sql/parser.ts'

/**
 * Whether a function has a body of statements that the server keeps parsed (PostgreSQL 14), so that it depends on the columns
 * that the body names. A body in a string depends on nothing.
 */
export function hasSqlBody(definition: string, parser: Parser): boolean {
  if (!/\b(?:BEGIN ATOMIC|RETURN)\b/.test(definition)) return false
  const parsed = parser.parse(definition)
  const node = isFailure(parsed) ? undefined : parsed[0]?.node
  return node !== undefined && 'CreateFunctionStmt' in node && node.CreateFunctionStmt.sql_body !== undefined
}

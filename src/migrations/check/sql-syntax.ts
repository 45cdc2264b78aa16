import { findingOf } from '../finding-of.ts'
import type { Check } from './check-input.ts'

/** Statements that do not parse. */
export const sqlSyntax: Check = {
  code: 'sql_syntax',
  severity: 'P0',
  summary: 'A statement that does not parse fails when it is run.',

  check: ({ parts }) => parts.flatMap(({ problems }) => problems.map(findingOf)),
}

import type { Finding, Severity } from '../../finding.ts'
import { lineAndColumn } from '../../text-position.ts'
import type { Dialect } from '../../database/sql.ts'
import { tokensOf } from '../sql/scanner.ts'
import type { Statement } from '../sql/split.ts'
import type { Place } from '../problems.ts'
import { walk } from './tree.ts'

/** A rule of the project's own, as metastore.toml has it. */
export interface ProjectRule {
  readonly id: string
  readonly message: string
  readonly severity: Severity
  readonly remedy: string | undefined
  /** Kinds of statements, as PostgreSQL's parser names them (`CreateStmt`); empty for every statement. */
  readonly statements: readonly string[]
  /** Regular expressions over the statement's text without comments; case does not matter. */
  readonly matching: string | undefined
  readonly require: string | undefined
  readonly forbid: string | undefined
}

/** The statements that break a project's own rules. A rule that neither requires nor forbids anything forbids its statements. */
export function ruleBreaches(
  statements: readonly Statement[],
  place: Place,
  rules: readonly ProjectRule[],
  dialect: Dialect,
): { readonly finding: Finding; readonly statement: { readonly offset: number } }[] {
  if (rules.length === 0) return []
  return statements.flatMap((statement) => {
    const text = withoutComments(statement.text, dialect)
    const [[kind] = ['']] = statement.node === undefined ? [] : walk(statement.node)
    const offset = place.offset + statement.offset
    return rules
      .filter((rule) => breaks(rule, kind, text))
      .map(({ id, message, severity, remedy }) => ({
        statement: { offset },
        finding: {
          code: id,
          severity,
          file: place.path,
          ...lineAndColumn(place.source, offset),
          message,
          remedy:
            remedy ?? `It is a rule of this project; where it does no harm, write -- metastore: allow ${id} because …`,
        },
      }))
  })
}

function breaks({ statements, matching, require, forbid }: ProjectRule, kind: string, text: string): boolean {
  if (statements.length > 0 && !statements.includes(kind)) return false
  const has = (pattern: string) => new RegExp(pattern, 'i').test(text)
  if (matching !== undefined && !has(matching)) return false
  if (require === undefined && forbid === undefined) return true
  return (require !== undefined && !has(require)) || (forbid !== undefined && has(forbid))
}

// Whatever stands between two tokens becomes one space, so that a pattern need not care for line breaks and comments.
function withoutComments(text: string, dialect: Dialect): string {
  let end = 0
  let result = ''
  for (const token of tokensOf(text, { start: 0, end: text.length }, dialect)) {
    result += `${token.start > end && end > 0 ? ' ' : ''}${text.slice(token.start, token.end)}`
    end = token.end
  }
  return result
}

import { nearest } from '../../nearest.ts'
import { tokensOf } from '../sql/scanner.ts'
import type { ColumnUse, Expression } from './parsed-expression.ts'
import { columnOf } from './render-expression.ts'
import type { RowScope } from './row-scope.ts'

/** Something wrong with an expression that its rows tell, before a server sees it. */
export interface ExpressionProblem {
  readonly message: string
  readonly remedy: string
  /** In the expression's text, in UTF-16 code units. */
  readonly offset: number
}

/**
 * What cannot work: names that no row or several rows have, and the user's name in an expression that reads tables.
 * Names within sub-queries are left to the server, which knows the tables there.
 */
export function problemsOfExpression(expression: Expression, rows: readonly RowScope[]): ExpressionProblem[] {
  const names = expression.uses.flatMap((use) => {
    const problem = use.nested ? undefined : problemOfUse(use, rows)
    return problem === undefined ? [] : [{ ...problem, offset: use.start }]
  })
  return [...names, ...problemsOfUserNames(expression)].sort((a, b) => a.offset - b.offset)
}

function problemOfUse(use: ColumnUse, rows: readonly RowScope[]): Omit<ExpressionProblem, 'offset'> | undefined {
  const { qualifier, name } = use
  const [first, second] = rows.filter((row) => columnOf(use, row) !== undefined)
  if (first !== undefined && second !== undefined) return ambiguous(use, first, second)
  if (first !== undefined) return undefined
  if (qualifier === null) {
    if (rows.some(({ alias }) => alias === name)) return undefined
    const columns = rows.flatMap((row) => row.columns.map((column) => column.name))
    return {
      message: `There is no column ${name} in ${rows.map(({ alias }) => alias).join(' or ')}.`,
      remedy: suggestion(nearest(name, columns), 'Name a column that the table has at this place of the migration.'),
    }
  }
  const row = rows.find(({ alias }) => alias === qualifier)
  if (row === undefined) {
    const aliases = rows.map(({ alias }) => alias)
    const found = nearest(qualifier, aliases)
    return {
      message: `There is no table ${qualifier} here: the expression sees ${aliases.join(' and ')}.`,
      remedy: suggestion(found && `${found}.${name}`, `Name a column of ${aliases.join(' or ')}.`),
    }
  }
  const found = nearest(
    name,
    row.columns.map((column) => column.name),
  )
  return {
    message: `There is no column ${qualifier}.${name}.`,
    remedy: suggestion(
      found && `${qualifier}.${found}`,
      'Name a column that the table has at this place of the migration.',
    ),
  }
}

function ambiguous(
  { qualifier, name }: ColumnUse,
  first: RowScope,
  second: RowScope,
): Omit<ExpressionProblem, 'offset'> {
  if (qualifier !== null || first.alias === second.alias) {
    return {
      message: `Both rows are called ${first.alias}, so ${name} can be the column of either.`,
      remedy: 'Move the value by way of a column of another table.',
    }
  }
  return {
    message: `Both ${first.alias} and ${second.alias} have a column ${name}.`,
    remedy: `Write ${first.alias}.${name} or ${second.alias}.${name}.`,
  }
}

function suggestion(found: string | undefined, otherwise: string): string {
  return found === undefined ? otherwise : `Did you mean ${found}?`
}

const userNames = ['current_user', 'session_user', 'current_role', 'user']

// What reads tables is evaluated with the rights of the migrating role, and the user's name would be that role's.
function problemsOfUserNames({ text, readsTables, functions }: Expression): ExpressionProblem[] {
  if (!readsTables || !functions.some(([name = '']) => userNames.includes(name))) return []
  return [...tokensOf(text, { start: 0, end: text.length }, 'postgres')].flatMap(({ kind, start, end }, index, all) => {
    const word = text.slice(start, end).toLowerCase()
    const before = all[index - 1]
    const isField = before !== undefined && text.slice(before.start, before.end) === '.'
    if (kind !== 'word' || isField || !userNames.includes(word)) return []
    return [
      {
        message: `The expression reads a table, so it is evaluated as the migrating role, which ${word} would name.`,
        remedy: `Leave out ${word}, or leave out the sub-query.`,
        offset: start,
      },
    ]
  })
}

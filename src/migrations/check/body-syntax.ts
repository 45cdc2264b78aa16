import type { Finding } from '../../finding.ts'
import { lineAndColumn } from '../../text-position.ts'
import { isFailure, type Node, type Parser } from '../sql/parser.ts'
import type { Statement } from '../sql/split.ts'
import type { Check } from './check-input.ts'

/** Bodies of functions and DO blocks that do not parse, in PL/pgSQL and in SQL. */
export const bodySyntax: Check = {
  code: 'body_syntax',
  severity: 'P0',
  summary: 'PostgreSQL refuses a function whose body does not parse.',

  check({ parts, parser }) {
    if (parser === undefined) return []
    return parts.flatMap(({ place, statements }) =>
      statements.flatMap((statement): Omit<Finding, 'code' | 'severity'>[] => {
        const problem = bodyProblem(statement, parser)
        if (problem === undefined) return []
        const position = lineAndColumn(place.source, place.offset + statement.offset + problem.offset)
        return [
          {
            file: place.path,
            ...position,
            message: `The body does not parse as ${problem.language}: ${problem.message}.`,
            remedy: 'Correct the body.',
          },
        ]
      }),
    )
  },
}

interface BodyProblem {
  readonly language: string
  readonly message: string
  /** In the statement. */
  readonly offset: number
}

function bodyProblem({ text, node }: Statement, parser: Parser): BodyProblem | undefined {
  const routine = node && routineOf(node)
  if (routine?.language === 'plpgsql') {
    const message = parser.checkBody(text)
    // Other complaints, such as of unknown variables, may be about what only the server knows.
    if (message === undefined || !/^(?:syntax error|unterminated)/.test(message)) return undefined
    return { language: 'PL/pgSQL', message, offset: offsetOf(text, message) }
  }
  if (routine?.language !== 'sql' || routine.body === undefined) return undefined
  const parsed = parser.parse(routine.body)
  if (!isFailure(parsed)) return undefined
  // Between dollar signs the body stands as it is; in quotes it may not, and then the statement's beginning must do.
  const start = text.indexOf(routine.body)
  return { language: 'SQL', message: parsed.message, offset: start === -1 ? 0 : start + parsed.offset }
}

// PL/pgSQL's errors have no position, but they quote the word.
function offsetOf(text: string, message: string): number {
  const word = /at or near "([^]+)"/.exec(message)?.[1]
  const first = word === undefined ? -1 : text.indexOf(word)
  return word === undefined || first === -1 || text.includes(word, first + 1) ? 0 : first
}

function routineOf(node: Node): { language: string; body: string | undefined } | undefined {
  if ('DoStmt' in node) {
    return { language: textOf(option(node.DoStmt.args, 'language')) ?? 'plpgsql', body: undefined }
  }
  if (!('CreateFunctionStmt' in node)) return undefined
  const { options } = node.CreateFunctionStmt
  const as = option(options, 'as')
  const body = as && 'List' in as ? textOf(as.List.items?.[0]) : undefined
  return { language: textOf(option(options, 'language'))?.toLowerCase() ?? '', body }
}

function option(options: readonly Node[] | undefined, name: string): Node | undefined {
  const found = options?.find((node) => 'DefElem' in node && node.DefElem.defname === name)
  return found && 'DefElem' in found ? found.DefElem.arg : undefined
}

function textOf(node: Node | undefined): string | undefined {
  return node && 'String' in node ? node.String.sval : undefined
}

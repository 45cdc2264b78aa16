import type { Node, Parser } from '../sql/parser.ts'
import type { Statement } from '../sql/split.ts'
import { byteOffsets } from './byte-offset.ts'
import { innerStatements } from './inner-statements.ts'

/** SQL that runs as one script: a direction of a file, or a script of an action. */
export interface Script {
  /** The file, as people see it. */
  readonly path: string
  /** The file's whole text. */
  readonly source: string
  readonly text: string
  /** Where the script begins in the file, in UTF-16 code units. */
  readonly start: number
  /** Whether the script stands in the file letter by letter, so that its offsets are the file's. */
  readonly verbatim: boolean
  /** Whether edits of it can be offered. */
  readonly editable: boolean
  /** Whether it runs in one transaction. */
  readonly transaction: boolean
  /** Offsets count in `text`. */
  readonly statements: readonly Statement[]
  readonly parser: Parser
}

/** One statement as rules see it. */
export interface SeenStatement {
  readonly node: Node
  /** Its SQL, without comments around it and without its semicolon. */
  readonly text: string
  /** Where it begins and ends in the file, in UTF-16 code units; of one inside a body, where the body's statement begins. */
  readonly offset: number
  readonly end: number
  /** Where its semicolon ends. */
  readonly after: number
  /** Statements with the same number are in one transaction; null for one that is on its own. */
  readonly transaction: number | null
  /** `script`: it stands in the file. `body`: it is inside a DO block or a function that the file calls. */
  readonly origin: 'script' | 'body'
  /** Where in the file a node of its tree begins, from the node's location; the statement itself for none. */
  readonly at: (location: number | undefined) => number
  /** Where in `text` a node of its tree begins. */
  readonly within: (location: number | undefined) => number
}

/** The statements of a script and, after each, those inside it that it runs. */
export function seenStatements(script: Script): SeenStatement[] {
  const { statements, start, verbatim, text, transaction } = script
  const place = (offset: number) => (verbatim ? start + offset : start)
  const offsetOf = byteOffsets(text)
  let current: number | null = transaction ? 0 : null
  let count = 0
  return statements.flatMap((statement) => {
    const { node } = statement
    if (node === undefined) return []
    if (!transaction && begins(node)) current ??= count += 1
    const seen: SeenStatement = {
      node,
      text: statement.text,
      offset: place(statement.offset),
      end: place(statement.end),
      after: place(statement.after),
      transaction: current,
      origin: 'script',
      at: (location) => place(location === undefined ? statement.offset : offsetOf(location)),
      within: (location) => (location === undefined ? 0 : offsetOf(location) - statement.offset),
    }
    if (!transaction && ends(node)) current = null
    const inner = innerStatements(seen, script).map((one) => ({
      ...one,
      transaction: seen.transaction ?? -seen.offset - 1,
    }))
    return [seen, ...inner]
  })
}

function begins(node: Node): boolean {
  return 'TransactionStmt' in node && ['TRANS_STMT_BEGIN', 'TRANS_STMT_START'].includes(node.TransactionStmt.kind ?? '')
}

function ends(node: Node): boolean {
  const kind = 'TransactionStmt' in node ? (node.TransactionStmt.kind ?? '') : ''
  return ['TRANS_STMT_COMMIT', 'TRANS_STMT_ROLLBACK', 'TRANS_STMT_PREPARE'].includes(kind)
}

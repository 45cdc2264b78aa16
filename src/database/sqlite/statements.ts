/** One statement of a script: its text without the semicolon, and where that begins in the script. */
export interface Statement {
  readonly text: string
  readonly start: number
}

/** A piece of SQL that is neither space nor comment. `word` is in lower case, and empty for what is not a bare word. */
export interface Token {
  readonly start: number
  readonly end: number
  readonly word: string
}

// In the order in which SQLite tries them; what is quoted may run to the end of the text, where SQLite will say so.
const piece =
  /(\s+|--[^\n]*|\/\*[^]*?(?:\*\/|$))|('(?:[^']|'')*'?|"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|\[[^\]]*\]?)|([\p{L}_\u0080-\u{10ffff}][\w$\u0080-\u{10ffff}]*)|[^]/guy

/** The tokens of SQL as SQLite reads it (https://www.sqlite.org/lang.html), comments left out. */
export function* tokens(text: string): Iterable<Token> {
  for (const match of text.matchAll(piece)) {
    if (match[1] !== undefined) continue
    yield { start: match.index, end: match.index + match[0].length, word: (match[3] ?? '').toLowerCase() }
  }
}

/**
 * The statements of a script. SQLite itself prepares the first one and keeps silent about the rest; and run one at a time each
 * can be interrupted, and its failure has a place.
 */
export function splitStatements(script: string): Statement[] {
  const statements: Statement[] = []
  let first: Token | undefined
  let head: string[] = []
  // What stands before the present token, in the same statement: a trigger ends with the semicolon of `; END ;`.
  let before = ['', '']
  const end = (at: number): void => {
    if (first) statements.push({ text: script.slice(first.start, at), start: first.start })
    first = undefined
    head = []
    before = ['', '']
  }
  for (const token of tokens(script)) {
    const isSemicolon = script[token.start] === ';'
    if (isSemicolon && (!isTrigger(head) || (before[0] === ';' && before[1] === 'end'))) {
      end(token.start)
      continue
    }
    first ??= token
    if (head.length < 7) head.push(token.word)
    before = [before[1] ?? '', isSemicolon ? ';' : token.word]
  }
  end(script.length)
  return statements
}

function isTrigger(head: readonly string[]): boolean {
  return /^(?:explain (?:query plan )?)?create (?:temp |temporary )?trigger\b/.test(head.join(' '))
}

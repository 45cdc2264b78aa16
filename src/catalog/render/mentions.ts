/** What a piece of SQL names. */
export interface Mentions {
  /** Pairs of names with a dot between them, as `["app", "runs"]`; `a.b.c` is two of them. */
  readonly pairs: readonly (readonly [string, string])[]
  /** Every name, also those in pairs. */
  readonly words: ReadonlySet<string>
  /** What stands in quotes, as the bodies of functions do. */
  readonly texts: readonly string[]
}

// PostgreSQL manual, 4.1 Lexical Structure.
const token =
  /--[^\n]*|\/\*|(?<dollar>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|(?<escaped>[eE]'(?:[^'\\]|\\[^]|'')*')|(?<text>'(?:[^']|'')*')|(?<quoted>"(?:[^"]|"")*")|(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<dot>\.)|\s+|[^]/gy

/** The names in a piece of SQL, found without a parser; what is quoted as a text is kept apart. */
export function mentionsIn(sql: string): Mentions {
  const pairs: (readonly [string, string])[] = []
  const words = new Set<string>()
  const texts: string[] = []
  let before: string | undefined
  let dotted = false
  token.lastIndex = 0
  for (let match = token.exec(sql); match !== null; match = token.exec(sql)) {
    const { dollar, escaped, text, quoted, word, dot } = match.groups ?? {}
    const name = quoted === undefined ? word?.toLowerCase() : quoted.slice(1, -1).replaceAll('""', '"')
    if (name !== undefined) {
      words.add(name)
      if (dotted && before !== undefined) pairs.push([before, name])
      ;[before, dotted] = [name, false]
    } else if (dot !== undefined) {
      dotted = before !== undefined
    } else {
      ;[before, dotted] = [undefined, false]
      if (text !== undefined) texts.push(text.slice(1, -1).replaceAll("''", "'"))
      if (escaped !== undefined) texts.push(escaped.slice(2, -1).replaceAll("''", "'"))
      if (dollar !== undefined) texts.push(untilClosing(sql, dollar))
      if (match[0] === '/*') token.lastIndex = endOf(sql, '*/', token.lastIndex)
    }
  }
  return { pairs, words, texts }
}

function untilClosing(sql: string, quote: string): string {
  const start = token.lastIndex
  token.lastIndex = endOf(sql, quote, start)
  return sql.slice(start, token.lastIndex - quote.length)
}

function endOf(sql: string, closing: string, from: number): number {
  const at = sql.indexOf(closing, from)
  return at < 0 ? sql.length : at + closing.length
}

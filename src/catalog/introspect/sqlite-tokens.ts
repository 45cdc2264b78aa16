/** One token of SQLite's SQL. */
export interface Token {
  /** A bare word may be a keyword; a quoted one is always a name. */
  readonly kind: 'word' | 'quoted' | 'string' | 'other'
  /** As it is written. */
  readonly text: string
  /** Without its quotes. */
  readonly value: string
  readonly start: number
  readonly end: number
}

const pattern =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|(?<string>'(?:[^']|'')*')|(?<word>[\p{L}\p{N}_$\u{80}-\u{10ffff}]+)|(?<other>[\s\S])/gu

/** The tokens of a statement as SQLite stores it, comments left out. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  for (const { 0: text, index, groups = {} } of sql.matchAll(pattern)) {
    const place = { text, start: index, end: index + text.length }
    if (groups['word'] !== undefined) tokens.push({ kind: 'word', value: text, ...place })
    else if (groups['quoted'] !== undefined) tokens.push({ kind: 'quoted', value: unquote(text), ...place })
    else if (groups['string'] !== undefined) tokens.push({ kind: 'string', value: unquote(text), ...place })
    else if (groups['other'] !== undefined) tokens.push({ kind: 'other', value: text, ...place })
  }
  return tokens
}

/** A name as SQLite compares it: only ASCII letters are the same in both cases. */
export function foldCase(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Whether a token is one of these keywords. */
export function isKeyword(token: Token | undefined, ...keywords: readonly string[]): boolean {
  return token?.kind === 'word' && keywords.includes(token.text.toLowerCase())
}

/** Where the parenthesis that opens at `open` is closed; the end of the tokens if nowhere. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let index = open; index < tokens.length; index++) {
    if (tokens[index]?.text === '(') depth++
    else if (tokens[index]?.text === ')' && --depth === 0) return index
  }
  return tokens.length
}

/** The tokens between two places, split at the commas that are in no parentheses. */
export function splitList(tokens: readonly Token[], from: number, to: number): Token[][] {
  const items: Token[][] = [[]]
  for (let index = from; index < to; index++) {
    const token = tokens[index] as Token
    if (token.text === ',') items.push([])
    else if (token.text === '(') {
      const end = Math.min(closing(tokens, index), to - 1)
      items.at(-1)?.push(...tokens.slice(index, end + 1))
      index = end
    } else items.at(-1)?.push(token)
  }
  return items.filter((item) => item.length > 0)
}

/** The text from the first of these tokens to the last. */
export function textOf(sql: string, tokens: readonly Token[]): string {
  const [first] = tokens
  return first === undefined ? '' : sql.slice(first.start, tokens.at(-1)?.end)
}

function unquote(text: string): string {
  const quote = text[0] ?? ''
  const inside = text.slice(1, -1)
  return quote === '[' ? inside : inside.replaceAll(quote + quote, quote)
}

import { tokens } from './statements.ts'

// What SQLite says of a place; it has no offsets to give.
const mentions = [
  /^near "([^]+)": syntax error/,
  /^unrecognized token: "([^]+)"/,
  /^no such (?:table|column|function|view|index|trigger|module|collation sequence): (?:\w+\.)?([^]+)$/,
  /^(?:table|view|index|trigger) (?:"?)([^"]+?)(?:"?) already exists/,
  /^duplicate column name: ([^]+)$/,
]

/** Where in a statement SQLite's message points to; its beginning, when that cannot be told for sure. */
export function positionOf(message: string, statement: string): number {
  if (/^incomplete input/.test(message)) return statement.length
  const name = mentions.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== undefined)
  if (name === undefined) return 0
  const places = [...tokens(statement)].filter(
    ({ start, end }) => unquoted(statement.slice(start, end)) === name.toLowerCase(),
  )
  if (places.length === 1) return places[0]?.start ?? 0
  // What is no token at all, such as a quote that is never closed, stands where its text stands.
  const first = statement.indexOf(name)
  return first >= 0 && places.length === 0 && first === statement.lastIndexOf(name) ? first : 0
}

function unquoted(token: string): string {
  const quote = /^["`[]/.exec(token)?.[0]
  if (quote === undefined) return token.toLowerCase()
  const inner = token.slice(1, -1)
  return (quote === '[' ? inner : inner.replaceAll(quote + quote, quote)).toLowerCase()
}

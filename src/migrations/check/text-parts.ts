import { tokensOf } from '../sql/scanner.ts'

/** A token of a statement, with how deep in parentheses it is. */
interface PlacedToken {
  /** In lower case for a word or a symbol; as written for the rest. */
  readonly text: string
  readonly start: number
  readonly end: number
  readonly depth: number
}

/** The tokens of a text without its comments. An opening and a closing parenthesis are as deep as what is around them. */
export function placedTokens(text: string): PlacedToken[] {
  let depth = 0
  return Array.from(tokensOf(text, { start: 0, end: text.length }, 'postgres'), ({ kind, start, end }) => {
    const written = text.slice(start, end)
    const shown = kind === 'word' || kind === 'symbol' ? written.toLowerCase() : written
    if (shown === ')' || shown === ']') depth -= 1
    const token = { text: shown, start, end, depth }
    if (shown === '(' || shown === '[') depth += 1
    return token
  })
}

/** From an offset on, up to the first of some words outside parentheses, a comma, or the end of what is around it. */
export function sliceUntil(text: string, from: number, stops: readonly string[]): string {
  const tokens = placedTokens(text).filter(({ start }) => start >= from)
  const depth = tokens[0]?.depth ?? 0
  const stop = tokens.find(
    (token, index) =>
      token.depth < depth || (index > 0 && token.depth === depth && (token.text === ',' || stops.includes(token.text))),
  )
  const last = stop === undefined ? tokens.at(-1) : tokens[tokens.indexOf(stop) - 1]
  return last === undefined ? '' : text.slice(from, last.end)
}

/** What stands in the parentheses that open first after an offset, and where they close. */
export function inParentheses(
  text: string,
  from: number,
): { readonly inside: string; readonly end: number } | undefined {
  const tokens = placedTokens(text).filter(({ start }) => start >= from)
  const open = tokens.find((token) => token.text === '(')
  const close = tokens.find(
    (token) => open !== undefined && token.start > open.start && token.text === ')' && token.depth === open.depth,
  )
  return open && close && { inside: text.slice(open.end, close.start).trim(), end: close.end }
}

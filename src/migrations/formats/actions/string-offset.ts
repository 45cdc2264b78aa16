import type { Span } from './document.ts'

/**
 * Where in a file a place of a string stands that the file holds in TOML or JSON notation; both in UTF-16 code units. The
 * beginning of the string when the file's text and the string do not go together.
 */
export function offsetInFile(source: string, { start, end }: Span, value: string, offset: number): number {
  const quote = source[start]
  if (quote !== '"' && quote !== "'") return start
  const isLong = source.startsWith(quote.repeat(3), start) && end - start >= 6
  let at = start + (isLong ? 3 : 1)
  // A line end right after the opening quotation marks is none of the string's.
  if (isLong) at += /^\r?\n/.exec(source.slice(at, at + 2))?.[0].length ?? 0
  let passed = 0
  while (passed < offset && at < end) {
    const [written, meant] = quote === '"' ? unitAt(source, at) : [1, 1]
    at += written
    passed += meant
  }
  // A place behind such a fold is where the text goes on.
  while (quote === '"' && isLong && unitAt(source, at)[1] === 0) at += unitAt(source, at)[0]
  return passed === offset && at <= end && offset <= value.length ? at : start
}

// How many units of the file make how many of the string.
function unitAt(source: string, at: number): readonly [written: number, meant: number] {
  if (source[at] !== '\\') return [1, 1]
  switch (source[at + 1]) {
    case 'u':
      return [6, 1]
    case 'U':
      return [10, Number.parseInt(source.slice(at + 2, at + 10), 16) > 0xffff ? 2 : 1]
    case 'x':
      return [4, 1]
    case ' ':
    case '\t':
    case '\r':
    case '\n':
      return [/^\\\s*/.exec(source.slice(at))?.[0].length ?? 1, 0]
    default:
      return [2, 1]
  }
}

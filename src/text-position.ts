/** A place in a text as editors count it: both from 1, the column in characters (code points), not UTF-16 units. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

/** Line and column of an offset in UTF-16 code units. A line ends with LF, CR LF or a lone CR; beyond the text is its end. */
export function lineAndColumn(text: string, offset: number): TextPosition {
  const end = Math.max(0, Math.min(offset, text.length))
  let line = 1
  let start = 0
  for (const { index, 0: lineEnd } of text.matchAll(/\r\n|\r|\n/g)) {
    if (index + lineEnd.length > end) break
    line += 1
    start = index + lineEnd.length
  }
  return { line, column: codePoints(text.slice(start, end)) + 1 }
}

/** `path:line:column` of an offset, as terminals and editors make a link of. */
export function placeIn(path: string, text: string, offset: number): string {
  const { line, column } = lineAndColumn(text, offset)
  return `${path}:${line}:${column}`
}

/** The line that an offset is in and, under it, a caret at the offset. Of a long line only the part around it is shown. */
export function excerpt(text: string, offset: number): string[] {
  const end = Math.max(0, Math.min(offset, text.length))
  const start = end === 0 ? 0 : Math.max(text.lastIndexOf('\n', end - 1), text.lastIndexOf('\r', end - 1)) + 1
  // A character takes at most two units, so this much is enough of a line of any length, and no half of one is shown.
  const enough = 2 * excerptWidth + 2
  const before = [...text.slice(Math.max(start, end - enough), end)]
  const after = [...(/^[^\r\n]*/.exec(text.slice(end, end + enough))?.[0] ?? '')]
  const left = before.length > excerptWidth ? ['…', ...before.slice(1 - excerptWidth)] : before
  const right = after.length > excerptWidth ? [...after.slice(0, excerptWidth - 1), '…'] : after
  // A tab stays a tab, so that the caret stands under its character whatever the width of a tab is.
  const indent = left.map((character) => (character === '\t' ? '\t' : ' '))
  return [printable([...left, ...right].join('')), `${printable(indent.join(''))}^`]
}

/** How many characters, counted as code points, a text has. */
export function codePoints(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0)
}

/** How many UTF-16 code units the first `count` characters (code points) of a text take. */
export function offsetOfCodePoint(text: string, count: number): number {
  let offset = 0
  for (let passed = 0; passed < count && offset < text.length; passed += 1) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1
  }
  return offset
}

const excerptWidth = 100

/** A text of which nothing steers the terminal that shows it. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

/** A text, and how far it has been read, in UTF-16 code units from 0. */
export interface Cursor {
  readonly text: string
  at: number
}

/** One name of a dotted key, with the place where it is written, quotes included. */
export interface KeySegment {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** Reads a key such as `a . "b c"`, up to what follows its last name; no segments when there is none. */
export function readKey(cursor: Cursor): KeySegment[] {
  const segments: KeySegment[] = []
  for (;;) {
    skipSpace(cursor)
    const segment = readSegment(cursor)
    if (!segment) return segments
    segments.push(segment)
    const end = cursor.at
    skipSpace(cursor)
    if (cursor.text[cursor.at] !== '.') {
      cursor.at = end
      return segments
    }
    cursor.at += 1
  }
}

/** Skips spaces and tabs. */
export function skipSpace(cursor: Cursor): void {
  skip(cursor, /[ \t]*/y)
}

/** Skips spaces, tabs, ends of lines and comments. */
export function skipBlank(cursor: Cursor): void {
  // A loop and not one pattern: a pattern that repeats a choice keeps a stack as long as what it has matched.
  for (;;) {
    skip(cursor, /[ \t\r\n]*/y)
    if (cursor.text[cursor.at] !== '#') return
    skip(cursor, /[^\n]*/y)
  }
}

/** Skips what is left of a line, with its end. */
export function skipLine(cursor: Cursor): void {
  skip(cursor, /[^\n]*\n?/y)
}

/** Skips a string, number, boolean, date or time. */
export function skipScalar(cursor: Cursor): void {
  const quote = cursor.text[cursor.at]
  if (quote !== '"' && quote !== "'") {
    skip(cursor, /[^\s,#\]}]*/y)
    // A date and its time may stand apart: `1979-05-27 07:32:00`.
    skip(cursor, /(?<=\d{4}-\d\d-\d\d) \d\d:[^\s,#\]}]*/y)
    return
  }
  if (cursor.text.startsWith(quote.repeat(3), cursor.at)) skipMultiline(cursor, quote)
  else skipString(cursor, quote)
}

// A string that nobody closed ends with its line.
function skipString(cursor: Cursor, quote: string): void {
  const { text } = cursor
  let at = cursor.at + 1
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += quote === '"' && text[at] === '\\' ? 2 : 1
  cursor.at = Math.min(text[at] === quote ? at + 1 : at, text.length)
}

function skipMultiline(cursor: Cursor, quote: string): void {
  const { text } = cursor
  let at = cursor.at + 3
  while (at < text.length && !text.startsWith(quote.repeat(3), at)) at += quote === '"' && text[at] === '\\' ? 2 : 1
  at = Math.min(at + 3, text.length)
  // Up to two quotation marks right before the closing three belong to the string.
  for (let more = 0; more < 2 && text[at] === quote; more += 1) at += 1
  cursor.at = at
}

function readSegment(cursor: Cursor): KeySegment | undefined {
  const start = cursor.at
  const first = cursor.text[start]
  if (first === '"' || first === "'") {
    skipString(cursor, first)
    const inner = cursor.text.slice(start + 1, cursor.at - 1)
    return { name: first === '"' ? unescape(inner) : inner, start, end: cursor.at }
  }
  skip(cursor, /[A-Za-z0-9_-]*/y)
  return cursor.at === start ? undefined : { name: cursor.text.slice(start, cursor.at), start, end: cursor.at }
}

const escapes: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\x1b' }

const escape = /\\(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|U[\dA-Fa-f]{8}|.)/gsu

function unescape(text: string): string {
  return text.replaceAll(escape, (written) => {
    const letter = written.slice(1)
    if (letter.length === 1) return escapes[letter] ?? letter
    const point = Number.parseInt(written.slice(2), 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : '\uFFFD'
  })
}

function skip(cursor: Cursor, pattern: RegExp): void {
  pattern.lastIndex = cursor.at
  if (pattern.test(cursor.text)) cursor.at = pattern.lastIndex
}

/** One word of a marker: a flag, or a key with its value. */
export interface Word {
  readonly key: string
  /** Unquoted; undefined for a flag. */
  readonly value: string | undefined
  /** Where the key begins. */
  readonly offset: number
  /** Where the value begins; where the key begins for a flag. */
  readonly valueOffset: number
}

/** A marker line that is not made of words, keys and values. */
export interface MalformedLine {
  readonly offset: number
  readonly message: string
  readonly remedy: string
}

/** The words of a marker from an offset on: `key`, `key=value`, `key=a,b` or `key="a \"quoted\" value"`, with spaces between. */
export function settingsIn(line: string, offset: number): Word[] | MalformedLine {
  const words: Word[] = []
  for (let at = skipBlank(line, offset); at < line.length;) {
    const key = match(/[^\s="',]+/y, line, at)
    if (key === '') return unexpected(line, at)
    const equals = match(/[ \t]*=[ \t]*/y, line, at + key.length)
    let end = at + key.length + equals.length
    let value: string | undefined
    const valueOffset = equals === '' ? at : end
    if (equals !== '') {
      const quoted = match(/"(?:[^"\\]|\\.)*"/y, line, end)
      if (quoted === '' && line[end] === '"') return unclosed(end)
      // A list may have spaces after its commas, but a comma before the next key is a mistake.
      const text = quoted || match(/(?!')[^\s",]+(?:[ \t]*,[ \t]*[^\s",=]+(?![^\s",]*[ \t]*=))*/y, line, end)
      value = quoted === '' ? text : text.slice(1, -1).replaceAll(/\\(.)/g, '$1')
      end += text.length
    }
    words.push({ key, value, offset: at, valueOffset })
    if (end < line.length && !/\s/.test(line[end] ?? '')) return unexpected(line, end)
    at = skipBlank(line, end)
  }
  return words
}

function unexpected(line: string, offset: number): MalformedLine {
  return {
    offset,
    message: `${JSON.stringify(String.fromCodePoint(line.codePointAt(offset) ?? 0))} cannot stand here.`,
    remedy: 'Separate settings by spaces, and put a value with spaces or quotes in double quotes.',
  }
}

function unclosed(offset: number): MalformedLine {
  return { offset, message: 'This value has no closing quote.', remedy: 'Close it on the same line.' }
}

function match(pattern: RegExp, line: string, offset: number): string {
  pattern.lastIndex = offset
  return pattern.exec(line)?.[0] ?? ''
}

function skipBlank(line: string, offset: number): number {
  return offset + match(/\s*/y, line, offset).length
}

/** The members of a JSON object, each value as the text has it. */
export interface JsonMembers {
  readonly keys: readonly string[]
  readonly values: readonly string[]
}

/**
 * The members of one object of a JSON line, without making values of them, so that no digit of a number is lost and JSON goes
 * into the database as it was written. Undefined for a text that is no object; the caller then asks a parser why.
 */
export function jsonMembers(text: string): JsonMembers | undefined {
  const keys: string[] = []
  const values: string[] = []
  let at = skip(text, 0)
  if (text.charCodeAt(at) !== 123) return undefined
  at = skip(text, at + 1)
  if (text.charCodeAt(at) === 125) return skip(text, at + 1) === text.length ? { keys, values } : undefined
  for (;;) {
    if (text.charCodeAt(at) !== 34) return undefined
    const keyEnd = stringEnd(text, at)
    if (keyEnd === -1) return undefined
    const key = jsonText(text.slice(at, keyEnd))
    if (key === undefined || keys.includes(key)) return undefined
    at = skip(text, keyEnd)
    if (text.charCodeAt(at) !== 58) return undefined
    at = skip(text, at + 1)
    const end = valueEnd(text, at)
    if (end === -1) return undefined
    keys.push(key)
    values.push(text.slice(at, end))
    at = skip(text, end)
    const next = text.charCodeAt(at)
    if (next === 125) return skip(text, at + 1) === text.length ? { keys, values } : undefined
    if (next !== 44) return undefined
    at = skip(text, at + 1)
  }
}

/** The text that a JSON string stands for; undefined when it is none. */
export function jsonText(token: string): string | undefined {
  if (!token.includes('\\')) return controlCharacter.test(token) ? undefined : token.slice(1, -1)
  try {
    return JSON.parse(token) as string
  } catch {
    return undefined
  }
}

const controlCharacter = /[\u0000-\u001f]/
const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=[\s,}]|$)/y

function skip(text: string, start: number): number {
  let at = start
  for (let unit = text.charCodeAt(at); unit === 32 || unit === 9 || unit === 10 || unit === 13;)
    unit = text.charCodeAt(++at)
  return at
}

// Right behind the closing quotation mark of a string that begins at `start`.
function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === 92) slashes += 1
    if (slashes % 2 === 0) return at + 1
  }
  return -1
}

function valueEnd(text: string, start: number): number {
  const unit = text.charCodeAt(start)
  if (unit === 34) return stringEnd(text, start)
  if (unit !== 123 && unit !== 91) {
    scalar.lastIndex = start
    return scalar.test(text) ? scalar.lastIndex : -1
  }
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    const one = text.charCodeAt(at)
    if (one === 34) {
      at = stringEnd(text, at) - 1
      if (at < 0) return -1
    } else if (one === 123 || one === 91) depth += 1
    else if (one === 125 || one === 93) {
      depth -= 1
      if (depth === 0) return isJson(text.slice(start, at + 1)) ? at + 1 : -1
    }
  }
  return -1
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

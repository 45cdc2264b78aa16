/** The secrets that a process knows, and the one place where they are taken out of what it says. */
export interface Secrets {
  /** From now on the value is shown nowhere. One that is too short to be told from ordinary text is not taken out. */
  add(value: string | undefined): void
  /** Text with every secret in it replaced, in whichever spelling it stands there. */
  redact(text: string): string
}

/** Data with every secret taken out of its texts: for what is written in a form that escapes, such as Markdown. */
export function redactData<Data>(secrets: Pick<Secrets, 'redact'>, data: Data): Data {
  const redact = (value: unknown): unknown => {
    if (typeof value === 'string') return secrets.redact(value)
    if (Array.isArray(value)) return value.map(redact)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [secrets.redact(key), redact(inner)]))
  }
  return redact(data) as Data
}

const shortest = 6
const mask = '***'

/** Words that are too common in our own sentences to be taken out, whoever chose them for a password. */
const ordinary = new Set([
  'postgres',
  'postgresql',
  'sqlite',
  'pglite',
  'metastore',
  'password',
  'database',
  'localhost',
])

/** A registry with nothing in it. */
export function knownSecrets(): Secrets {
  const spellings = new Set<string>()
  // Made when it is needed, because several secrets are added one after another.
  let pattern: RegExp | undefined
  return {
    add(value) {
      if (value === undefined) return
      for (const part of partsOf(value)) for (const spelling of spellingsOf(part)) spellings.add(spelling)
      pattern = undefined
    },
    redact(text) {
      if (spellings.size === 0) return text
      pattern ??= patternOf(spellings)
      const whole = text.replace(pattern, mask)
      return whole.includes('…') ? withoutPieces(whole, [...spellings]) : whole
    },
  }
}

// The longest first: a secret may be a part of another one.
function patternOf(spellings: ReadonlySet<string>): RegExp {
  const sources = [...spellings].sort((a, b) => b.length - a.length).map(sourceOf)
  return new RegExp(sources.join('|'), 'g')
}

// What is too long for a line is cut off, and a secret with it: its beginning stands before the sign for that, or its end
// behind it.
function withoutPieces(text: string, spellings: readonly string[]): string {
  return text
    .split('…')
    .map((piece, index, pieces) => {
      let kept = piece
      if (index < pieces.length - 1) {
        const cut = Math.max(0, ...spellings.map((spelling) => overlap(kept, spelling)))
        if (cut > 0) kept = kept.slice(0, -cut) + mask
      }
      if (index > 0) {
        const cut = Math.max(0, ...spellings.map((spelling) => overlap(spelling, kept)))
        if (cut > 0) kept = mask + kept.slice(cut)
      }
      return kept
    })
    .join('…')
}

// How many characters at the end of the first text are the beginning of the second; 0 for too few to tell.
function overlap(first: string, second: string): number {
  for (let length = Math.min(first.length, second.length); length >= shortest; length--) {
    if (first.endsWith(second.slice(0, length))) return length
  }
  return 0
}

// Of several lines each is a secret of its own: what prints them may indent them.
function partsOf(value: string): string[] {
  const lines = value.includes('\n') ? value.split(/\r?\n/).map((line) => line.trim()) : []
  return [value, ...lines].filter((part) => part.length >= shortest && !ordinary.has(part.toLowerCase()))
}

// As it is, in a URL, in SQL, and in HTML; each of them also in JSON, once or in a string of JSON.
function spellingsOf(value: string): string[] {
  const json = (text: string) => JSON.stringify(text).slice(1, -1)
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const plain = [
    value,
    encode(value),
    encode(value).replaceAll('%20', '+'),
    value.replaceAll("'", "''"),
    value.replaceAll('\\', '\\\\').replaceAll("'", "''"),
    html,
    html.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
  ]
  return plain.flatMap((text) => [text, json(text), json(json(text))])
}

// A lone surrogate has no encoding, and is in no URL.
function encode(value: string): string {
  try {
    return encodeURIComponent(value)
  } catch {
    return value
  }
}

// A secret that is one short word is taken out where it stands alone, and not out of the middle of another word.
function sourceOf(spelling: string): string {
  const escaped = spelling.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, (character) => `\\${character}`)
  return /^[a-z]{1,12}$/i.test(spelling) ? `(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9])` : escaped
}

/** The secrets that a process knows, and the one place where they are taken out of what it says. */
export interface Secrets {
  /** From now on the value is shown nowhere. One that is too short to be told from ordinary text is not taken out. */
  add(value: string | undefined): void
  /** Text with every secret in it replaced, in whichever spelling it stands there. */
  redact(text: string): string
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
  let pattern: RegExp | undefined
  return {
    add(value) {
      if (value === undefined) return
      for (const part of partsOf(value)) for (const spelling of spellingsOf(part)) spellings.add(spelling)
      // The longest first: a secret may be a part of another one.
      const sources = [...spellings].sort((a, b) => b.length - a.length).map(sourceOf)
      pattern = sources.length === 0 ? undefined : new RegExp(sources.join('|'), 'g')
    },
    redact: (text) => (pattern === undefined ? text : text.replace(pattern, mask)),
  }
}

// Of several lines each is a secret of its own: what prints them may indent them.
function partsOf(value: string): string[] {
  const lines = value.includes('\n') ? value.split(/\r?\n/).map((line) => line.trim()) : []
  return [value, ...lines].filter((part) => part.length >= shortest && !ordinary.has(part.toLowerCase()))
}

// As it is, in a URL, in JSON (once, and in a string of JSON), in SQL, and in HTML.
function spellingsOf(value: string): string[] {
  const json = (text: string) => JSON.stringify(text).slice(1, -1)
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return [
    value,
    json(value),
    json(json(value)),
    encode(value),
    encode(value).replaceAll('%20', '+'),
    value.replaceAll("'", "''"),
    value.replaceAll('\\', '\\\\').replaceAll("'", "''"),
    html,
    html.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
  ]
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

/** Text in which `${...}` stands for environment variables. */
export type Template = readonly Piece[]

type Piece = string | Reference

/** One `${NAME}`, `${NAME:-default}` or `${NAME:?message}`. */
export interface Reference {
  readonly name: string
  /** What stands in when the variable is not set or empty. */
  readonly fallback: Template | undefined
  /** What to say when the variable is not set or empty. */
  readonly complaint: string | undefined
}

/** A template, or why the text is none. */
export type TemplateResult = { readonly template: Template } | { readonly fault: string; readonly remedy: string }

/** What became of a template. */
export type Resolved = { readonly text: string } | { readonly missing: Reference; readonly empty: boolean }

const deepest = 8

/** Reads the references in a text; `$${` stands for `${` itself, and any other `$` for itself. */
export function parseTemplate(text: string): TemplateResult {
  const reader = { text, at: 0 }
  try {
    return { template: readPieces(reader, 0) }
  } catch (error) {
    if (error instanceof TemplateFault) return { fault: error.message, remedy: error.remedy }
    throw error
  }
}

/** Whether a template is the same whatever the environment holds. */
export function isConstant(template: Template): template is readonly string[] {
  return template.every((piece) => typeof piece === 'string')
}

/** The references of a template, those in defaults among them. */
export function referencesOf(template: Template): Reference[] {
  return template.flatMap((piece) => (typeof piece === 'string' ? [] : [piece, ...referencesOf(piece.fallback ?? [])]))
}

/** Puts the variables' values in. A default is looked at only when it is needed. */
export function resolveTemplate(template: Template, lookUp: (name: string) => string | undefined): Resolved {
  let text = ''
  for (const piece of template) {
    if (typeof piece === 'string') {
      text += piece
      continue
    }
    const value = lookUp(piece.name)
    const insists = piece.fallback !== undefined || piece.complaint !== undefined
    if (value !== undefined && !(insists && value === '')) {
      text += value
    } else if (piece.fallback) {
      const fallback = resolveTemplate(piece.fallback, lookUp)
      if ('missing' in fallback) return fallback
      text += fallback.text
    } else {
      return { missing: piece, empty: value === '' }
    }
  }
  return { text }
}

interface Reader {
  readonly text: string
  at: number
}

class TemplateFault extends Error {
  readonly remedy: string

  constructor(message: string, remedy: string) {
    super(message)
    this.remedy = remedy
  }
}

// At depth 0 up to the end; inside a default up to the brace that closes it.
function readPieces(reader: Reader, depth: number): Template {
  const { text } = reader
  const pieces: Piece[] = []
  let literal = ''
  while (reader.at < text.length && !(depth > 0 && text[reader.at] === '}')) {
    if (text.startsWith('$${', reader.at)) {
      literal += '${'
      reader.at += 3
    } else if (text.startsWith('${', reader.at)) {
      if (literal !== '') pieces.push(literal)
      literal = ''
      pieces.push(readReference(reader, depth))
    } else {
      literal += text[reader.at]
      reader.at += 1
    }
  }
  if (literal !== '') pieces.push(literal)
  return pieces
}

function readReference(reader: Reader, depth: number): Reference {
  if (depth >= deepest) {
    throw new TemplateFault('has references nested too deeply', `Nest at most ${deepest} defaults.`)
  }
  reader.at += 2
  const name = /[A-Za-z_][A-Za-z0-9_]*/y
  name.lastIndex = reader.at
  const [found] = name.exec(reader.text) ?? []
  // What stands there is not shown: it may be a piece of a password.
  if (found === undefined) throw malformed()
  reader.at += found.length
  const operator = reader.text.slice(reader.at, reader.at + 2)
  let fallback: Template | undefined
  let complaint: string | undefined
  if (operator === ':-') {
    reader.at += 2
    fallback = readPieces(reader, depth + 1)
  } else if (operator === ':?') {
    const close = reader.text.indexOf('}', reader.at)
    if (close === -1) throw unclosed()
    complaint = reader.text.slice(reader.at + 2, close).trim()
    reader.at = close
  }
  if (reader.at >= reader.text.length) throw unclosed()
  if (reader.text[reader.at] !== '}') throw malformed()
  reader.at += 1
  return { name: found, fallback, complaint }
}

function unclosed(): TemplateFault {
  return new TemplateFault(
    'has a reference ${ without its closing brace',
    'Add the }, or write $${ where no reference is meant.',
  )
}

function malformed(): TemplateFault {
  return new TemplateFault(
    'has a reference that cannot be understood',
    'Write ${NAME}, ${NAME:-default} or ${NAME:?message}, or $${ where no reference is meant.',
  )
}

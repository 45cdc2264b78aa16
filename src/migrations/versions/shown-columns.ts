/** What a view shows that has nothing but columns of one table. */
export interface ShownColumns {
  /** As the definition names it: with its schema, unless that is on the search path. */
  readonly table: readonly string[]
  /** The columns of the table, in the order of the view's. */
  readonly columns: readonly string[]
}

// One name, quoted or not, or one of the signs that may stand between names.
const token = /\s*("(?:[^"]|"")*"|[^\s",.;()]+|[,.;])/y

/**
 * Understands the definition of a view, as the server prints it, when it is `select <columns> from <table>` and no more;
 * undefined for any other.
 */
export function shownColumns(definition: string): ShownColumns | undefined {
  const tokens = tokensOf(definition)
  const from = tokens.indexOf('FROM')
  if (tokens[0] !== 'SELECT' || from < 0) return undefined
  const columns = splitAt(tokens.slice(1, from), ',').map(columnOf)
  const source = tokens.slice(from + 1).filter((each) => each !== ';')
  const table = pathOf(source) ?? pathOf(source.slice(0, -1))
  if (table === undefined || columns.includes(undefined)) return undefined
  return { table, columns: columns as string[] }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  token.lastIndex = 0
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    tokens.push(match[1] ?? '')
    if (token.lastIndex === text.length) return tokens
  }
  return []
}

function splitAt(tokens: readonly string[], separator: string): string[][] {
  if (tokens.length === 0) return []
  const parts: string[][] = [[]]
  for (const each of tokens) {
    if (each === separator) parts.push([])
    else parts.at(-1)?.push(each)
  }
  return parts
}

// `cost`, `runs.cost`, each perhaps with `AS price`.
function columnOf(tokens: readonly string[]): string | undefined {
  const renamed = tokens.at(-2) === 'AS'
  const path = pathOf(renamed ? tokens.slice(0, -2) : tokens)
  return path !== undefined && path.length <= 2 ? path.at(-1) : undefined
}

// `name`, `schema.name`.
function pathOf(tokens: readonly string[]): string[] | undefined {
  if (tokens.length % 2 === 0) return undefined
  const isPath = tokens.every((each, index) => (each === '.') === (index % 2 === 1))
  return isPath ? tokens.filter((each) => each !== '.').map(unquote) : undefined
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

import { MetastoreError } from '../../errors.ts'
import { tokensOf } from '../sql/scanner.ts'
import { isFailure, type Parser } from '../sql/parser.ts'
import type { ColumnUse, Expression } from './parsed-expression.ts'

/** Reads an expression that an author wrote. Throws `sql_syntax` for a text that is not one expression. */
export function parseExpression(text: string, parser: Parser): Expression {
  const statement = `${opening}${text}\n)`
  const parsed = parser.parse(statement)
  if (isFailure(parsed)) throw notAnExpression(text, parsed.message)
  const [only, ...others] = parsed
  if (only === undefined || others.length > 0 || !isBalanced(text)) {
    throw notAnExpression(text, 'it is more than one expression')
  }
  const bytes = Buffer.from(statement)
  const offset = (location: number): number => bytes.subarray(0, location).toString().length - opening.length
  return understand(text, only.node, offset)
}

const opening = 'SELECT ('

function notAnExpression(text: string, reason: string): MetastoreError {
  return new MetastoreError({
    code: 'sql_syntax',
    message: `The expression ${JSON.stringify(text)} does not parse: ${reason}.`,
    remedy: 'Write one SQL expression, as it could stand in a SELECT.',
  })
}

// What closes our parenthesis and opens another one is SQL all right, but no expression.
function isBalanced(text: string): boolean {
  let depth = 0
  for (const { kind, start } of tokensOf(text, { start: 0, end: text.length }, 'postgres')) {
    if (kind !== 'symbol') continue
    if (text[start] === '(') depth += 1
    if (text[start] === ')') depth -= 1
    if (depth < 0) return false
  }
  return depth === 0
}

interface Found {
  readonly uses: ColumnUse[]
  readonly tables: Set<string>
  readonly commonTables: Set<string>
  readonly functions: string[][]
  opaque: boolean
  readsTables: boolean
}

function understand(text: string, root: unknown, offset: (location: number) => number): Expression {
  const found: Found = {
    uses: [],
    tables: new Set(),
    commonTables: new Set(),
    functions: [],
    opaque: false,
    readsTables: false,
  }
  // By a list and not by recursion, so that no depth of nesting overflows the stack.
  const waiting: { readonly value: unknown; readonly nested: boolean }[] = [{ value: root, nested: false }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue
    for (const [key, value] of Object.entries(next.value)) {
      const nested = next.nested || key === 'SubLink'
      if (isRecord(value)) visit(found, text, { key, value, nested, offset })
      waiting.push({ value, nested })
    }
  }
  return {
    text,
    uses: found.uses.sort((a, b) => a.start - b.start),
    opaque: found.opaque || found.readsTables,
    readsTables: found.readsTables,
    tables: [...found.tables].filter((table) => !found.commonTables.has(table)).sort(),
    functions: found.functions,
  }
}

interface Visited {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
  readonly nested: boolean
  readonly offset: (location: number) => number
}

function visit(found: Found, text: string, { key, value, nested, offset }: Visited): void {
  switch (key) {
    case 'SubLink':
      found.readsTables = true
      return
    case 'RangeVar':
      found.tables.add(String(value['relname']))
      return
    case 'CommonTableExpr':
      found.commonTables.add(String(value['ctename']))
      return
    case 'FuncCall':
      found.functions.push(namesIn(value['funcname']).flatMap((name) => (name === undefined ? [] : [name])))
      return
    case 'SQLValueFunction':
      found.functions.push([
        String(value['op'])
          .replace(/^SVFOP_/, '')
          .toLowerCase(),
      ])
      return
    case 'ColumnRef': {
      const use = columnUse(text, namesIn(value['fields']), offset(Number(value['location'])), nested)
      if (use === undefined) return
      found.uses.push(use.use)
      if (use.star) found.opaque = true
      return
    }
  }
}

function columnUse(
  text: string,
  fields: readonly (string | undefined)[],
  start: number,
  nested: boolean,
): { readonly use: ColumnUse; readonly star: boolean } | undefined {
  const [first, second] = fields
  // A name with its schema is a table's that a sub-query reads, and `*` alone is the sub-query's.
  if (first === undefined || fields.length > 2) return undefined
  const star = fields.length === 2 && second === undefined
  const named = star ? 1 : fields.length
  const place = { start, end: endOfName(text, start, named), nested }
  if (second === undefined) return { use: { qualifier: null, name: first, ...place }, star }
  return { use: { qualifier: first, name: second, ...place }, star }
}

// Undefined for a star.
function namesIn(list: unknown): (string | undefined)[] {
  if (!Array.isArray(list)) return []
  return list.map((item: unknown) => {
    const string = isRecord(item) ? item['String'] : undefined
    return isRecord(string) ? String(string['sval']) : undefined
  })
}

// Where a name of one or two parts ends, with what stands between them, and with `UESCAPE '!'` after a name with escapes.
function endOfName(text: string, start: number, parts: number): number {
  let end = start
  let names = 0
  let escape: 'no' | 'name' | 'uescape' = 'no'
  for (const token of tokensOf(text, { start, end: text.length }, 'postgres')) {
    const plain = text.slice(token.start, token.end).toLowerCase()
    if (escape === 'name' && plain === 'uescape') {
      escape = 'uescape'
    } else if (escape === 'uescape') {
      end = token.end
      escape = 'no'
    } else if (names === parts) {
      break
    } else if (token.kind === 'word' || token.kind === 'name') {
      end = token.end
      names += 1
      escape = plain.startsWith('u&"') ? 'name' : 'no'
    }
  }
  return end
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

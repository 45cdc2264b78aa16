import { closing, foldCase, isKeyword, splitList, textOf, tokenize, type Token } from './sqlite-tokens.ts'

/** What only the text of CREATE TABLE tells: SQLite's pragmas know nothing of it. */
export interface TableText {
  /** By the name of the column as `foldCase` spells it. */
  readonly columns: ReadonlyMap<string, ColumnText>
  /** In the order in which they are declared. */
  readonly constraints: readonly ConstraintText[]
  readonly autoincrement: boolean
}

/** What the text tells about a column. */
interface ColumnText {
  readonly collation: string | null
  readonly generated: string | null
}

/** One constraint of a table. */
export interface ConstraintText {
  readonly kind: 'primary_key' | 'unique' | 'foreign_key' | 'check'
  readonly name: string | null
  /** Of a check, the column that it stands with. */
  readonly columns: readonly string[]
  /** Of a check. */
  readonly expression: string
  readonly deferrable: 'no' | 'immediate' | 'deferred'
  /** The word after ON CONFLICT, in upper case. */
  readonly conflict: string | null
}

/** Reads a CREATE TABLE statement that SQLite has accepted. */
export function readCreateTable(sql: string): TableText {
  const tokens = tokenize(sql)
  const open = tokens.findIndex(({ text }) => text === '(')
  const columns = new Map<string, ColumnText>()
  const constraints: ConstraintText[] = []
  let autoincrement = false
  for (const item of splitList(tokens, open + 1, closing(tokens, open))) {
    const name = columnName(item)
    const clauses = splitClauses(item.slice(name === null ? 0 : 1))
    constraints.push(...readConstraints(sql, clauses, name))
    autoincrement ||= item.some((token) => isKeyword(token, 'autoincrement'))
    if (name !== null) columns.set(foldCase(name), readColumn(sql, clauses))
  }
  return { columns, constraints, autoincrement }
}

// Every one of these words begins a clause of a column or a table. What comes before the first is the column's type.
const beginnings = [
  'as',
  'check',
  'collate',
  'constraint',
  'default',
  'deferrable',
  'foreign',
  'initially',
  'not',
  'on',
  'primary',
  'references',
  'unique',
]

function columnName([first]: readonly Token[]): string | null {
  const ofTable = isKeyword(first, 'constraint', 'primary', 'unique', 'check', 'foreign')
  return ofTable || first === undefined ? null : first.value
}

function splitClauses(tokens: readonly Token[]): Token[][] {
  const clauses: Token[][] = []
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as Token
    const begins = isKeyword(token, ...beginnings) && !isKeyword(tokens[index - 1], 'set')
    if (begins) clauses.push([token])
    else if (token.text === '(') {
      const end = closing(tokens, index)
      clauses.at(-1)?.push(...tokens.slice(index, end + 1))
      index = end
    } else clauses.at(-1)?.push(token)
    // A name or a value is one, also where it looks like the beginning of a clause.
    if (
      begins &&
      isKeyword(token, 'constraint', 'references', 'collate', 'default') &&
      tokens[index + 1]?.text !== '('
    ) {
      clauses.at(-1)?.push(...tokens.slice(index + 1, index + 2))
      index++
    }
  }
  return clauses
}

function readColumn(sql: string, clauses: readonly (readonly Token[])[]): ColumnText {
  const collate = clauses.findLast(([first]) => isKeyword(first, 'collate'))
  const generated = clauses.findLast(([first]) => isKeyword(first, 'as'))
  return { collation: collate?.[1]?.value ?? null, generated: generated ? insideOf(sql, generated) : null }
}

function readConstraints(sql: string, clauses: readonly Token[][], column: string | null): ConstraintText[] {
  const constraints: ConstraintText[] = []
  clauses.forEach((clause, place) => {
    const before = clauses[place - 1] ?? []
    const kind = constraintKind(clause[0], column)
    if (kind === undefined) {
      const last = constraints.pop()
      if (last) constraints.push({ ...last, ...amendment(clause, before, last) })
      return
    }
    constraints.push({
      kind,
      name: isKeyword(before[0], 'constraint') ? (before[1]?.value ?? null) : null,
      columns: column !== null ? [column] : kind === 'check' ? [] : namesIn(clause),
      expression: kind === 'check' ? insideOf(sql, clause) : '',
      deferrable: 'no',
      conflict: null,
    })
  })
  return constraints
}

// What a clause that is no constraint itself says about the one before it.
function amendment(clause: readonly Token[], before: readonly Token[], last: ConstraintText): Partial<ConstraintText> {
  const [first, second, third] = clause
  // In NOT DEFERRABLE the NOT is a clause of its own, and ON CONFLICT after NOT NULL is about that.
  if (isKeyword(before[0], 'not')) return {}
  if (isKeyword(first, 'on') && isKeyword(second, 'conflict')) return { conflict: third?.value.toUpperCase() ?? null }
  if (isKeyword(first, 'deferrable')) return { deferrable: 'immediate' }
  const deferred = isKeyword(first, 'initially') && isKeyword(second, 'deferred') && last.deferrable === 'immediate'
  return deferred ? { deferrable: 'deferred' } : {}
}

function constraintKind(token: Token | undefined, column: string | null): ConstraintText['kind'] | undefined {
  if (isKeyword(token, 'primary')) return 'primary_key'
  if (isKeyword(token, 'unique')) return 'unique'
  if (isKeyword(token, 'check')) return 'check'
  // In a constraint of the table, REFERENCES belongs to the FOREIGN KEY before it.
  return isKeyword(token, column === null ? 'foreign' : 'references') ? 'foreign_key' : undefined
}

function namesIn(clause: readonly Token[]): string[] {
  const open = clause.findIndex(({ text }) => text === '(')
  return splitList(clause, open + 1, closing(clause, open)).map(([name]) => name?.value ?? '')
}

function insideOf(sql: string, clause: readonly Token[]): string {
  const open = clause.findIndex(({ text }) => text === '(')
  return textOf(sql, clause.slice(open + 1, closing(clause, open)))
}

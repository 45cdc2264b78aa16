import { nearest } from '../nearest.ts'
import { problemAt, shownPath } from './configuration-file.ts'
import type { Reading } from './declared-value.ts'
import { shownName } from './shown.ts'
import { statementKinds } from './statement-kinds.ts'
import type { TomlPath } from '../toml/toml-positions.ts'
import { describeToml, isTable } from './values.ts'

/** A rule of the project's own for its migrations: one `[[check.rule]]` of metastore.toml. */
export interface CheckRule {
  readonly id: string
  readonly message: string
  readonly severity: 'P0' | 'P1' | 'P2'
  readonly remedy: string | undefined
  /** Kinds of statements, as PostgreSQL's parser names them; empty for every statement. */
  readonly statements: readonly string[]
  /** Regular expressions over the statement's text. */
  readonly matching: string | undefined
  readonly require: string | undefined
  readonly forbid: string | undefined
}

const keys = ['id', 'message', 'severity', 'remedy', 'statement', 'matching', 'require', 'forbid']

/** Reads the rules; what is wrong with them is added to the reading's problems. */
export function readCheckRules(reading: Reading, table: unknown): CheckRule[] {
  if (table === undefined) return []
  if (!isTable(table)) {
    report(reading, ['check'], `check must be a table, not ${describeToml(table)}.`, form)
    return []
  }
  for (const key of reading.file.positions.keys(['check'])) {
    if (key !== 'rule') report(reading, ['check', key], `There is no setting check.${shownName(key)}.`, form)
  }
  const { rule } = table
  if (rule === undefined) return []
  if (!Array.isArray(rule) || !rule.every(isTable)) {
    report(reading, ['check', 'rule'], `check.rule must be an array of tables, not ${describeToml(rule)}.`, form)
    return []
  }
  const rules = rule.flatMap((one, index) => readRule(reading, ['check', 'rule', index], one) ?? [])
  rules.forEach(({ id }, index) => {
    if (rules.findIndex((other) => other.id === id) === index) return
    report(
      reading,
      ['check', 'rule', index, 'id'],
      `Two rules are called ${shownName(id)}.`,
      'Give each an id of its own.',
    )
  })
  return rules
}

const form = 'Write each rule below a line [[check.rule]], with an id and a message.'

type Table = Readonly<Record<string, unknown>>

function readRule(reading: Reading, path: TomlPath, table: Table): CheckRule | undefined {
  const before = reading.problems.length
  for (const key of Object.keys(table)) {
    if (keys.includes(key)) continue
    const meant = nearest(key, keys)
    const hint = meant === undefined ? '' : `Did you mean ${meant}? `
    report(reading, [...path, key], `A rule has no key ${shownName(key)}.`, `${hint}Its keys are ${keys.join(', ')}.`)
  }
  const text = (key: string) => textOf(reading, [...path, key], table[key])
  const pattern = (key: string) => patternOf(reading, [...path, key], text(key))
  const id = required(reading, path, 'id', text('id'))
  const message = required(reading, path, 'message', text('message'))
  if (id !== undefined && (!/^[a-z][a-z0-9_-]*$/i.test(id) || /^h\d\d$/i.test(id))) {
    const remedy = 'Use letters, digits, - and _, beginning with a letter; H and two digits are the ids of the hazards.'
    report(
      reading,
      [...path, 'id'],
      `${shownPath([...path, 'id'])} is ${shownName(id)}, which cannot be an id.`,
      remedy,
    )
  }
  const rule = {
    id: id ?? '',
    message: message ?? '',
    severity: severityOf(reading, [...path, 'severity'], text('severity')),
    remedy: text('remedy'),
    statements: statementsOf(reading, [...path, 'statement'], table['statement']),
    matching: pattern('matching'),
    require: pattern('require'),
    forbid: pattern('forbid'),
  }
  return reading.problems.length > before ? undefined : Object.freeze(rule)
}

function textOf(reading: Reading, path: TomlPath, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.trim() !== '')) return value
  const found = typeof value === 'string' ? 'an empty one' : describeToml(value)
  report(reading, path, `${shownPath(path)} must be a string, not ${found}.`, 'Write it in quotes, or leave it out.')
  return undefined
}

function required(reading: Reading, path: TomlPath, key: string, value: string | undefined): string | undefined {
  if (reading.file.positions.key([...path, key]) !== undefined) return value
  // A table of an array has no place of its own, but its first key has.
  const [first] = reading.file.positions.keys(path)
  const place = first === undefined ? ['check', 'rule'] : [...path, first]
  report(reading, place, `${shownPath(path)} has no ${key}.`, `Add ${key} = "…".`)
  return value
}

function severityOf(reading: Reading, path: TomlPath, value = 'P1'): CheckRule['severity'] {
  if (value === 'P0' || value === 'P1' || value === 'P2') return value
  report(reading, path, `${shownPath(path)} cannot be ${shownName(value)}.`, 'Use P0, P1 or P2.')
  return 'P1'
}

function patternOf(reading: Reading, path: TomlPath, value: string | undefined): string | undefined {
  const fault = value === undefined ? undefined : patternFault(value)
  if (fault === undefined) return value
  const remedy = 'Correct it; backslashes need no doubling in single quotes.'
  report(reading, path, `${shownPath(path)} is no regular expression: ${fault}.`, remedy)
  return undefined
}

function patternFault(pattern: string): string | undefined {
  try {
    RegExp(pattern)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error)
  }
}

function statementsOf(reading: Reading, path: TomlPath, value: unknown): readonly string[] {
  if (value === undefined) return []
  const list = Array.isArray(value) ? (value as unknown[]) : [value]
  const names = list.filter((name): name is string => typeof name === 'string')
  if (names.length < list.length) {
    report(
      reading,
      path,
      `${shownPath(path)} must be the name of a kind of statement, or an array of such.`,
      kindsRemedy,
    )
  }
  for (const name of names.filter((one) => !statementKinds.includes(one))) {
    const meant = nearest(name, statementKinds)
    const hint = meant === undefined ? '' : `Did you mean ${meant}? `
    report(reading, path, `There is no kind of statement ${shownName(name)}.`, hint + kindsRemedy)
  }
  return names
}

const kindsRemedy = 'PostgreSQL calls them CreateStmt, AlterTableStmt, IndexStmt, UpdateStmt and so on.'

function report({ file, problems }: Reading, path: TomlPath, message: string, remedy: string): void {
  problems.push(problemAt(file, path, { message, remedy }, 'key'))
}

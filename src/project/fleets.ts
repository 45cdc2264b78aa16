import { nearest } from '../nearest.ts'
import { problemAt, shownPath } from './configuration-file.ts'
import type { Reading } from './declared-value.ts'
import { isConstant, parseTemplate, type Template } from './references.ts'
import { shownName, tomlKey } from './shown.ts'
import { describeToml, isTable } from './values.ts'

/** Databases or schemas that have the same migrations: one `[fleet.NAME]` of metastore.toml. */
export interface Fleet {
  readonly name: string
  /** `file:line:column` of its declaration. */
  readonly where: string
  /** The database whose migrations and settings the members share; null for the only one. */
  readonly database: string | null
  /** What a member is: a schema of that database, a database of its server, or a URL of its own. */
  readonly each: 'schema' | 'database'
  /** The URL of a member, with `{name}` in it; null where it follows from that of the database. */
  readonly url: Template | null
  /** Who its members are. */
  readonly members:
    | { readonly from: 'names'; readonly names: readonly string[] }
    | { readonly from: 'query'; readonly query: string }
    | { readonly from: 'pattern'; readonly pattern: string }
  /** Those that go first, one by one; the first of all unless said. */
  readonly canary: readonly string[] | null
  /** How many are worked on at a time. */
  readonly concurrency: number
}

const keys = ['database', 'each', 'url', 'names', 'query', 'pattern', 'canary', 'concurrency']

/** The most members that are worked on at a time: each has connections of its own. */
export const mostConcurrency = 64

/** Reads the fleets; what is wrong with them is added to the reading's problems. */
export function readFleets(reading: Reading, table: unknown): Fleet[] {
  if (table === undefined) return []
  if (!isTable(table)) {
    fault(reading, ['fleet'], `fleet must be a table, not ${describeToml(table)}.`, form)
    return []
  }
  return reading.file.positions.keys(['fleet']).flatMap((name) => {
    const fleet = table[name]
    if (isTable(fleet)) return readFleet(reading, name, fleet)
    fault(reading, ['fleet', name], `The fleet ${shownName(name)} must be a table, not ${describeToml(fleet)}.`, form)
    return []
  })
}

const form =
  'Write a line [fleet.tenants], and below it each = "schema" and names = ["acme"], query = "…" or pattern = "…".'

type Table = Readonly<Record<string, unknown>>

function readFleet(reading: Reading, name: string, table: Table): Fleet[] {
  const path = ['fleet', name]
  const before = reading.problems.length
  for (const key of Object.keys(table)) {
    if (keys.includes(key)) continue
    const meant = nearest(key, keys)
    const hint = meant === undefined ? '' : `Did you mean ${meant}? `
    fault(
      reading,
      [...path, key],
      `There is no setting fleet.${tomlKey(name)}.${shownName(key)}.`,
      `${hint}The settings of a fleet are ${keys.join(', ')}.`,
    )
  }
  const { each = 'schema', concurrency = 4n } = table
  if (each !== 'schema' && each !== 'database') {
    fault(
      reading,
      [...path, 'each'],
      `${shownPath([...path, 'each'])} must be "schema" or "database".`,
      'Say what a member is.',
    )
  }
  if (typeof concurrency !== 'bigint' || concurrency < 1n || concurrency > BigInt(mostConcurrency)) {
    const verdict = `must be an integer from 1 to ${mostConcurrency}.`
    fault(
      reading,
      [...path, 'concurrency'],
      `${shownPath([...path, 'concurrency'])} ${verdict}`,
      'Write digits only, without quotes.',
    )
  }
  const members = readMembers(reading, path, table)
  const url = readUrl(reading, path, table['url'])
  const canary = table['canary'] === undefined ? null : readNames(reading, [...path, 'canary'], table['canary'])
  const database = readText(reading, [...path, 'database'], table['database'])
  if (members === undefined || reading.problems.length > before) return []
  const where = reading.file.place(reading.file.positions.key(path)?.start ?? 0)
  return [
    {
      name,
      where,
      database,
      each: url === null ? (each as Fleet['each']) : 'database',
      url,
      members,
      canary,
      concurrency: Number(concurrency),
    },
  ]
}

function readMembers(reading: Reading, path: readonly string[], table: Table): Fleet['members'] | undefined {
  const given = ['names', 'query', 'pattern'].filter((key) => table[key] !== undefined)
  if (given.length !== 1) {
    const message = `The fleet ${shownName(path[1] ?? '')} has ${given.length === 0 ? 'no members' : `both ${given.join(' and ')}`}.`
    fault(reading, path, message, 'Give one of names = ["acme"], query = "select …" or pattern = "tenant_*".')
    return undefined
  }
  if (given[0] === 'names') return { from: 'names', names: readNames(reading, [...path, 'names'], table['names']) }
  const text = readText(reading, [...path, given[0] ?? ''], table[given[0] ?? ''])
  if (text === null) return undefined
  if (given[0] === 'query') return { from: 'query', query: text }
  if (table['url'] !== undefined) {
    fault(
      reading,
      [...path, 'pattern'],
      'A pattern cannot find members that have a URL of their own.',
      'Give names or a query.',
    )
  }
  return { from: 'pattern', pattern: text }
}

function readNames(reading: Reading, path: readonly string[], value: unknown): string[] {
  const names = Array.isArray(value)
    ? value.filter((name): name is string => typeof name === 'string' && name.trim() !== '')
    : []
  if (
    Array.isArray(value) &&
    names.length === value.length &&
    names.length > 0 &&
    new Set(names).size === names.length
  ) {
    return names
  }
  fault(
    reading,
    path,
    `${shownPath(path)} must be an array of names, each of them once.`,
    'Write it in brackets, each name in quotes: ["acme", "globex"].',
  )
  return []
}

function readText(reading: Reading, path: readonly string[], value: unknown): string | null {
  if (value === undefined) return null
  if (typeof value === 'string' && value.trim() !== '') return value
  fault(reading, path, `${shownPath(path)} must be a string that is not empty.`, 'Write it in quotes.')
  return null
}

function readUrl(reading: Reading, path: readonly string[], value: unknown): Template | null {
  const text = readText(reading, [...path, 'url'], value)
  if (text === null) return null
  const parsed = parseTemplate(text)
  if ('fault' in parsed) {
    fault(reading, [...path, 'url'], `${shownPath([...path, 'url'])} ${parsed.fault}.`, parsed.remedy)
    return null
  }
  if (text.includes('{name}')) return parsed.template
  const constant = isConstant(parsed.template) ? '' : ' in the part that is written out'
  fault(
    reading,
    [...path, 'url'],
    `${shownPath([...path, 'url'])} does not hold {name}${constant}, so all members would be one.`,
    'Write {name} where the name of the member belongs.',
  )
  return null
}

function fault(reading: Reading, path: readonly string[], message: string, remedy: string): void {
  reading.problems.push(problemAt(reading.file, path, { message, remedy }, 'key'))
}

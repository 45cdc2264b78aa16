import type { Dialect } from '../../database/sql.ts'
import type { MetastoreError } from '../../errors.ts'
import { problemAt, type Place } from '../problems.ts'
import { tokensOf, type Range, type Scan } from './scanner.ts'

/**
 * What a script holds that only a client program understands: commands of psql or of the sqlite3 shell, and rows after
 * `COPY … FROM stdin`. No server takes them, so each is an error that says what to do instead.
 */
export function clientCommands(text: string, scan: Scan, dialect: Dialect, place: Place): MetastoreError[] {
  const commands = scan.metaCommands.map((range) => ({
    offset: range.start,
    error: metaCommand(text, range, dialect, place),
  }))
  const copies = scan.statements
    .filter((statement) => statement.words[0] === 'copy' && readsFromClient(text, statement, dialect))
    .map(({ start }) => ({ offset: start, error: copyFromClient(start, place) }))
  return [...commands, ...copies].sort((a, b) => a.offset - b.offset).map(({ error }) => error)
}

const connected = 'Remove the line: metastore connects to the database that metastore.toml or --url names.'
const dumpOnly = 'Remove the line: pg_dump writes it for psql alone, and nothing is lost without it.'
const included = 'Put the SQL of that file here, or make it a migration of its own.'
const copied = 'Write the rows as INSERT statements, or as a data file of seeds.'

const psqlRemedies: Readonly<Record<string, string>> = {
  c: connected,
  connect: connected,
  restrict: dumpOnly,
  unrestrict: dumpOnly,
  i: included,
  ir: included,
  include: included,
  include_relative: included,
  copy: copied,
  '.': copied,
  set: 'Write the value where it is used: variables of psql are not replaced here.',
}

function metaCommand(text: string, { start, end }: Range, dialect: Dialect, place: Place): MetastoreError {
  const command = /^[\\.](?:[A-Za-z_]+|[^\s]?)/.exec(text.slice(start, end))?.[0] ?? ''
  const client = dialect === 'postgres' ? 'psql' : 'the sqlite3 shell'
  const remedy = dialect === 'postgres' ? psqlRemedies[command.slice(1)] : shellRemedies[command.slice(1)]
  return problemAt(place, start, {
    code: 'migration_invalid',
    message: `${command} is a command of ${client}, which the database does not understand.`,
    remedy: remedy ?? 'Remove the line, or write it as SQL.',
  })
}

const shellRemedies: Readonly<Record<string, string>> = {
  read: included,
  open: connected,
  import: copied,
}

function copyFromClient(start: number, place: Place): MetastoreError {
  return problemAt(place, start, {
    code: 'migration_invalid',
    message: 'COPY … FROM stdin takes its rows from a client program, and there is none here.',
    remedy: 'Write the rows as INSERT statements (pg_dump --inserts does), or as a data file of seeds.',
  })
}

function readsFromClient(text: string, statement: Range, dialect: Dialect): boolean {
  if (dialect === 'sqlite') return false
  let previous = ''
  let parentheses = 0
  for (const { start, end } of tokensOf(text, statement, dialect)) {
    const word = text.slice(start, end).toLowerCase()
    if (word === '(') parentheses += 1
    if (word === ')') parentheses -= 1
    if (parentheses === 0 && previous === 'from' && word === 'stdin') return true
    previous = word
  }
  return false
}

import type { Statistics } from '../../../catalog/catalog.ts'
import { id, literal, raw, sql } from '../../../database/database.ts'
import { tokensOf } from '../../sql/scanner.ts'
import {
  type Carrying,
  type CarryPart,
  commentOn,
  isSame,
  keyOf,
  lockOf,
  type Remark,
  rewriteFor,
  shown,
  temporaryName,
  transactionStep,
} from './carrying.ts'

/** Statistics over several columns or expressions; those of the old columns go with them. */
export function carryStatistics(carrying: Carrying): CarryPart {
  const parts = carrying.catalog.statistics
    .filter(({ table }) => carrying.tables.some((each) => isSame(table, each)))
    .flatMap((statistics) => carry(carrying, statistics) ?? [])
  return {
    build: parts.flatMap(({ build = [] }) => build),
    before: parts.flatMap(({ before = [] }) => before),
    after: parts.flatMap(({ after = [] }) => after),
    problems: parts.flatMap(({ problems = [] }) => problems),
  }
}

function carry(carrying: Carrying, statistics: Statistics): CarryPart | undefined {
  const parts = splitDefinition(statistics.definition)
  const { uses, unclear, list } = rewriteList(carrying, statistics, parts)
  if (![...uses].some((name) => carrying.replaced.has(name))) return undefined
  if (unclear.size > 0) return { problems: [notUnderstood(carrying, statistics)] }
  const { schema, table } = statistics
  const internal = id(schema, temporaryName(carrying, 'statistics', statistics, statistics.name))
  const name = id(schema, statistics.name)
  const locks = [lockOf(table, 'share update exclusive')]
  const step = transactionStep(carrying, {
    key: keyOf('statistics', table, statistics.name),
    label: `make statistics ${statistics.name} for the new column of ${shown(carrying, table)}`,
    locks,
    statements: [
      sql`create statistics ${internal} ${raw(parts.kinds)}on ${raw(list)} from ${id(table.schema, table.name)}`,
      ...(statistics.target === null
        ? []
        : [sql`alter statistics ${internal} set statistics ${literal(statistics.target)}`]),
      ...commentOn(sql`statistics ${internal}`, statistics.comment),
      sql`alter statistics ${internal} owner to ${id(statistics.owner)}`,
    ],
    undo: { locks, statements: [sql`drop statistics if exists ${internal}`] },
  })
  return {
    build: [step],
    before: [sql`drop statistics ${name}`],
    after: [sql`alter statistics ${internal} rename to ${id(statistics.name)}`],
  }
}

interface Definition {
  /** Which kinds, in parentheses, with a space after it; empty for all. */
  readonly kinds: string
  /** Columns and expressions. */
  readonly list: string
}

// `CREATE STATISTICS app.s (dependencies) ON a, (b + 1) FROM app.runs`
function splitDefinition(definition: string): Definition {
  let depth = 0
  let nameEnd = 0
  let on: { readonly start: number; readonly end: number } | undefined
  let from = definition.length
  for (const { kind, start, end } of tokensOf(definition, { start: 0, end: definition.length }, 'postgres')) {
    const token = definition.slice(start, end)
    if (token === '(') depth += 1
    if (token === ')') depth -= 1
    if (depth > 0 || kind !== 'word') {
      if (nameEnd === 0 && token === '(') nameEnd = start
      continue
    }
    if (token === 'ON') on = { start, end }
    if (token === 'FROM') from = start
  }
  const kinds = on === undefined || nameEnd === 0 || nameEnd > on.start ? '' : definition.slice(nameEnd, on.start)
  return { kinds: kinds === '' ? '' : `${kinds.trim()} `, list: definition.slice(on?.end ?? 0, from).trim() }
}

// Each in a call, since a bare column of a result would be given its old name.
function rewriteList(carrying: Carrying, statistics: Statistics, { list }: Definition) {
  const { text, uses, unclear } = rewriteFor(
    carrying,
    { text: `row(${list})`, kind: 'expression', row: statistics.table },
    'temporary',
  )
  return { uses, unclear, list: text.slice('row('.length, -1) }
}

function notUnderstood(carrying: Carrying, { name, table }: Statistics): Remark {
  return {
    message: `The statistics object ${name} of ${shown(carrying, table)} covers a column that is replaced, and its definition cannot be rewritten.`,
    remedy: 'Drop it in a migration before this one, and create it again in one after it.',
  }
}

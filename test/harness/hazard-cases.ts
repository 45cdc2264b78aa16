import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Severity } from '../../src/finding.ts'
import type { TableStatistics } from '../../src/migrations/check/statistics.ts'

/** One case of a hazard's file of cases. */
export interface HazardCase {
  readonly id: string
  readonly kind: 'finds' | 'silent' | 'false alarm'
  /** Of the first that is found. */
  readonly severity: Severity | undefined
  readonly title: string
  readonly sql: string
  /** SQL of a migration before it. */
  readonly earlier: string | undefined
  /** SQL that makes the catalog which the check is given. */
  readonly catalog: string | undefined
  /** SQL that makes what the file needs to run, where the check knows nothing of it. */
  readonly setup: string | undefined
  readonly statistics: TableStatistics | undefined
}

const folder = path.resolve(import.meta.dirname, '../../src/migrations/check/hazards')

/**
 * The cases of every rule, from the files beside them. A case begins with a line `=== finds P1: title`, `=== silent: title` or
 * `=== false alarm: title`; lines `--- earlier`, `--- catalog`, `--- setup` and `--- statistics` begin what it needs.
 */
export function hazardCases(): HazardCase[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cases.sql'))
    .flatMap((name) => {
      const text = readFileSync(path.join(folder, name), 'utf8')
      const id = name.slice(0, 3).toUpperCase()
      return text
        .split(/^=== /m)
        .slice(1)
        .map((part) => caseOf(id, part))
    })
}

function caseOf(id: string, text: string): HazardCase {
  const [head = '', ...rest] = text.split('\n')
  const match = /^(finds|silent|false alarm)(?: (P[012]))?: (.+)$/.exec(head)
  if (match === null) throw new Error(`${id}: ${head} begins no case.`)
  const [sql = '', ...sections] = rest.join('\n').split(/^--- /m)
  const section = (name: string) => sections.find((one) => one.startsWith(`${name}\n`))?.slice(name.length + 1)
  const statistics = section('statistics')
  return {
    id,
    kind: match[1] as HazardCase['kind'],
    severity: match[2] as Severity | undefined,
    title: match[3] ?? '',
    sql,
    earlier: section('earlier'),
    catalog: section('catalog'),
    setup: section('setup'),
    statistics: statistics === undefined ? undefined : statisticsOf(statistics),
  }
}

// `threads 1000 81920` (rows, bytes), `index threads_title threads 12` (scans), `column threads title 0.5 -1` (nulls, distinct).
function statisticsOf(text: string): TableStatistics {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  const columns = lines.filter(([kind]) => kind === 'column')
  return {
    collectedAt: '2026-01-01T00:00:00.000Z',
    tables: lines
      .filter(([kind]) => kind !== 'index' && kind !== 'column')
      .map(([name = '', rows, bytes]) => ({
        schema: 'public',
        name,
        rows: Number(rows),
        bytes: Number(bytes),
        indexBytes: 0,
        columns: columns
          .filter(([, table]) => table === name)
          .map(([, , column = '', nulls, distinct]) => ({
            name: column,
            nulls: Number(nulls),
            distinct: Number(distinct),
          })),
      })),
    indexes: lines
      .filter(([kind]) => kind === 'index')
      .map(([, name = '', table = '', scans]) => ({ schema: 'public', name, table, scans: Number(scans), bytes: 0 })),
  }
}

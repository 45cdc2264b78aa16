import { displayName, type Catalog, type Table } from '../../../catalog/catalog.ts'
import type { Severity } from '../../../finding.ts'
import type { AuditFinding } from '../../audit-finding.ts'

/** What findings say of one table, whether it is there or should be. */
export interface AffectedTable {
  readonly schema: string
  readonly name: string
  /** Null when it is missing. */
  readonly table: Table | null
  /** The worst of its findings and those of its parts; null when there is none. */
  readonly worst: Severity | null
  /** Where they stand in the report, from 0. */
  readonly findings: readonly number[]
  /** The worst finding of each column that has one. */
  readonly columns: ReadonlyMap<string, Severity>
  /** Columns that should be there. */
  readonly missing: readonly string[]
}

const parts = new Set(['column', 'constraint', 'index', 'trigger', 'rule', 'policy'])

/** The tables there are and those that are missing, with the findings that concern each. Pure. */
export function affectedTables(catalog: Catalog, findings: readonly AuditFinding[]): readonly AffectedTable[] {
  const read = findings.map((finding) => ({ finding, key: readKey(finding.objectKey ?? '') }))
  const absent = read.flatMap(({ finding, key: { kind, path } }) => {
    const [schema, name] = path
    return finding.kind === 'missing' && kind === 'table' && schema !== undefined && name !== undefined
      ? [{ schema, name, table: null }]
      : []
  })
  const present = catalog.tables.map((table) => ({ schema: table.schema, name: table.name, table }))
  const known = new Set(present.map(pathOf))
  return [...present, ...absent.filter((one) => !known.has(pathOf(one)))].map((one) => {
    const path = pathOf(one)
    const own = read.flatMap(({ finding, key: { kind, path: words } }, index) =>
      (kind === 'table' || parts.has(kind)) && words.slice(0, 2).map(displayName).join('.') === path
        ? [{ finding, index, kind, part: words[2] }]
        : [],
    )
    const columns = new Map<string, Severity>()
    for (const { finding, kind, part } of own) {
      for (const column of columnsOf(one.table, kind, part)) {
        columns.set(column, worse(columns.get(column), finding.severity))
      }
    }
    return {
      ...one,
      worst: own.map(({ finding }) => finding.severity).toSorted()[0] ?? null,
      findings: own.map(({ index }) => index),
      columns,
      missing: own.flatMap(({ finding, kind, part }) =>
        finding.kind === 'missing' && kind === 'column' && part !== undefined ? [part] : [],
      ),
    }
  })
}

function pathOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${displayName(schema)}.${displayName(name)}`
}

function worse(one: Severity | undefined, other: Severity): Severity {
  return one !== undefined && one < other ? one : other
}

// A constraint and an index are shown at the columns that they are about.
function columnsOf(table: Table | null, kind: string, part: string | undefined): readonly string[] {
  if (part === undefined) return []
  if (kind === 'column') return [part]
  if (kind === 'index') {
    const keys = table?.indexes.find(({ name }) => name === part)?.keys ?? []
    return keys.flatMap((key) => (key.kind === 'column' ? [key.column] : []))
  }
  if (kind !== 'constraint') return []
  const constraint = table?.constraints.find(({ name }) => name === part)
  if (constraint === undefined) return []
  return 'columns' in constraint ? constraint.columns : 'column' in constraint ? [constraint.column] : []
}

/** Reads the identity of an object, as `column public.runs."My id"`: its kind and the names, without quotes. */
export function readKey(key: string): { readonly kind: string; readonly path: readonly string[] } {
  const [, kind = '', rest = ''] = /^(\w+) (.*)$/s.exec(key) ?? []
  const words = rest.match(/"(?:[^"]|"")*"|[^".]+/g) ?? []
  return {
    kind,
    path: words.map((word) => (word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word)),
  }
}

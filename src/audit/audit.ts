import { asServerTells, introspect, objects, verificationQuery, type CatalogObject } from '../catalog/catalog.ts'
import type { Severity } from '../finding.ts'
import {
  readHistory,
  versionSchemaName,
  type Engine,
  type MigrationFile,
  type Position,
} from '../migrations/migrations.ts'
import { replay, type ObjectProvenance, type Shadow } from '../shadow/shadow.ts'
import type { AuditedMigration, AuditedObject, AuditReport } from './audit-report.ts'
import { checklistOf } from './checklist.ts'
import { auditCatalogs, type AuditOutcome } from './findings.ts'
import type { RepairStatement } from './online.ts'
import { viewsPrintedAlike } from './printed-views.ts'
import { readLiveFacts } from './health/live-facts.ts'
import { underWayOf } from './under-way.ts'

import type { AuditFinding } from './audit-finding.ts'

export type { AuditFinding } from './audit-finding.ts'
export type { AuditReport } from './audit-report.ts'
export { ownersAsExpected } from './owners-as-expected.ts'
export { comparisonRules } from './comparison-rules.ts'
export { viewsPrintedAlike } from './printed-views.ts'
export { repairsOf } from './repairs.ts'
export { repairDatabase, type RepairResult } from './repair.ts'

/** What is audited, and how. */
export interface AuditOptions {
  /** The name that the database has in the project. */
  readonly database: string
  /** A directory of the project for what need not be found out twice. */
  readonly cacheDirectory: string
  readonly stateSchema: string
  /** The column that says whose a row is; without it tables of tenants are not looked for. */
  readonly tenantColumn?: string | null | undefined
  /** A real server to replay on. */
  readonly shadowServer?: string | undefined
  /** What else was found, by whoever knows of more than the schema: seeds and secrets. */
  readonly others?: readonly AuditFinding[]
  readonly signal?: AbortSignal | undefined
}

/** What an audit came to: the report, and what would repair the database. */
export interface Audit {
  readonly report: AuditReport
  /** SQL that repairs what can be repaired without touching rows, in the order in which it has to run. */
  readonly repair: readonly RepairStatement[]
}

/**
 * Compares a PostgreSQL database with what its migrations make, and looks after its health. Reads only; the migrations are
 * replayed on a throw-away database, or known from an earlier replay.
 */
export async function audit(engine: Engine, files: readonly MigrationFile[], options: AuditOptions): Promise<Audit> {
  const { stateSchema, signal } = options
  const replayOptions = {
    directory: options.cacheDirectory,
    server: options.shadowServer,
    stateSchema,
    signal,
    progress: engine.progress,
  }
  const shadow = await replay(files, replayOptions)
  const position = await engine.look()
  const versions = new Set([...files, ...position.applied].map(({ name }) => versionSchemaName(name)))
  const excludeSchemas = [stateSchema, `${stateSchema}_sync`, ...versions]
  const actual = await introspect(engine.session, 'postgres', { excludeSchemas })
  const underWay = underWayOf(position.state)
  const facts = await readLiveFacts(engine.session)
  const priorities = new Map(shadow.files.map(({ name, priority }) => [name, priority]))
  const { major } = engine.database.server
  const expected = asServerTells(shadow.catalog, major)
  const sameMajor = shadow.server.includes(`PostgreSQL ${major}`)
  const outcome = auditCatalogs({
    stateSchema,
    inUse: engine.database.features.concurrentIndexes,
    printedAlike: sameMajor ? new Set() : await viewsPrintedAlike({ expected, actual }, files, replayOptions),
    expected,
    actual,
    provenance: shadow.provenance,
    replayed: shadow.files,
    files,
    applied: position.applied,
    underWay,
    priorities,
    facts,
    tenantColumn: options.tenantColumn ?? null,
    others: options.others ?? [],
  })
  const appliedAt = await appliedTimes(engine, position)
  const migrations = auditedMigrations(files, shadow, outcome, priorities, appliedAt)
  const shown = new Set(actual.tables.map(({ schema, name }) => JSON.stringify([schema, name])))
  const report: AuditReport = {
    database: options.database,
    address: engine.database.address,
    server: `${engine.database.server.name} ${engine.database.server.version}`,
    at: new Date().toISOString(),
    current: position.applied.at(-1)?.name ?? null,
    worst: outcome.findings[0]?.severity ?? null,
    findings: outcome.findings,
    migrations,
    tables: facts.tables
      .filter(({ schema, name }) => shown.has(JSON.stringify([schema, name])))
      .map(({ schema, name, rows, bytes }) => ({ schema, name, rows, bytes })),
    checklist: checklistOf(outcome, migrations, underWay),
    catalog: actual,
  }
  return { report, repair: outcome.repair }
}

async function appliedTimes({ session, bookkeeping }: Engine, { state }: Position): Promise<Map<string, string>> {
  if (state.layout === null) return new Map()
  const history = await readHistory(session, bookkeeping)
  return new Map(history.filter(({ rolledBackAt }) => rolledBackAt === null).map((one) => [one.name, one.appliedAt]))
}

function auditedMigrations(
  files: readonly MigrationFile[],
  shadow: Shadow,
  { findings, differences, present, pending }: AuditOutcome,
  priorities: ReadonlyMap<string, Severity>,
  appliedAt: ReadonlyMap<string, string>,
): AuditedMigration[] {
  const values = new Map([...objects(shadow.catalog)].map((object) => [object.key, object]))
  const provided = new Map<string, ObjectProvenance[]>()
  for (const each of shadow.provenance.values()) {
    if (each.removedBy !== null) continue
    const others = provided.get(each.createdBy)
    if (others === undefined) provided.set(each.createdBy, [each])
    else others.push(each)
  }
  const edited = new Set(findings.filter(({ kind }) => kind === 'edited').map(({ migration }) => migration))
  return files.map(({ name, path }) => ({
    name,
    path,
    priority: priorities.get(name) ?? 'P1',
    state: pending.includes(name) ? 'pending' : edited.has(name) ? 'edited' : 'applied',
    appliedAt: appliedAt.get(name) ?? null,
    provides: (provided.get(name) ?? []).flatMap(({ key, changedBy }): AuditedObject[] => {
      const value = values.get(key)
      if (value === undefined) return []
      const state = !present.has(key) ? 'missing' : differences.has(key) ? 'different' : 'there'
      return [{ key, kind: value.kind, state, changedBy, query: queryOf(value) }]
    }),
  }))
}

function queryOf(object: CatalogObject): string {
  return `${verificationQuery(object).inline('postgres')};`
}
export { renderMarkdown } from './report/markdown.ts'
export { countRows } from './row-counts.ts'

/** The audit as one HTML page that needs nothing else. What draws it is loaded only now. */
export async function renderHtml(report: AuditReport): Promise<string> {
  return (await import('./report/html.ts')).renderHtml(report)
}

import {
  describeDifference,
  diffCatalogs,
  findTable,
  objectKey,
  objects,
  type Catalog,
  type Difference,
  verificationQuery,
} from '../catalog/catalog.ts'
import { id, literal, sql } from '../database/database.ts'
import type { Severity } from '../finding.ts'
import {
  compareWithHistory,
  describeDiscrepancy,
  type AppliedMigration,
  type MigrationFile,
} from '../migrations/migrations.ts'
import { replayFindings, type ObjectProvenance, type ReplayedFile } from '../shadow/shadow.ts'
import type { AuditFinding } from './audit-finding.ts'
import { comparisonRules } from './comparison-rules.ts'
import { healthRules } from './health/health.ts'
import type { LiveFacts } from './health/live-facts.ts'
import type { RepairStatement } from './online.ts'
import { ownersAsExpected } from './owners-as-expected.ts'
import { pendingFindings } from './pending-findings.ts'
import { repairsOf, type Repairs } from './repairs.ts'
import { isOfBatch, underWayFinding, type UnderWay } from './under-way.ts'

/** What an audit compares. Everything is data. */
export interface AuditInput {
  /** What the migrations make. What belongs to the migrating role has no owner there. */
  readonly expected: Catalog
  readonly actual: Catalog
  readonly provenance: ReadonlyMap<string, ObjectProvenance>
  readonly replayed: readonly ReplayedFile[]
  readonly files: readonly MigrationFile[]
  readonly applied: readonly AppliedMigration[]
  /** The batch that is between its start and its end; undefined when none is. */
  readonly underWay: UnderWay | undefined
  /** How much each migration matters. */
  readonly priorities: ReadonlyMap<string, Severity>
  readonly facts: LiveFacts
  /** What was found of seeds and secrets. */
  readonly others: readonly AuditFinding[]
  /** The column that says whose a row is; null where there are no tenants. */
  readonly tenantColumn: string | null
  /** The schema of the bookkeeping. */
  readonly stateSchema: string
  /** Views (`["schema","name"]`) whose definitions the two servers only print differently. */
  readonly printedAlike: ReadonlySet<string>
  /** Whether others can work on the database while it is repaired. */
  readonly inUse: boolean
}

/** What an audit finds, and what it knows of every object. */
export interface AuditOutcome {
  /** The worst first. */
  readonly findings: readonly AuditFinding[]
  /** By the key of the object. */
  readonly differences: ReadonlyMap<string, Difference>
  /** The keys of what is really there. */
  readonly present: ReadonlySet<string>
  /** SQL that repairs what can be repaired without touching rows, in the order in which it has to run. */
  readonly repair: readonly RepairStatement[]
  /** Names of migrations that are not in the history. */
  readonly pending: readonly string[]
}

/** Compares what should be there with what is. Pure. */
export function auditCatalogs(input: AuditInput): AuditOutcome {
  const { expected, actual, files, applied, underWay } = input
  const comparison = compareWithHistory(files, applied)
  const pending = new Set(comparison.pending.map(({ name }) => name))
  // What it has come to is not yet, or no longer, what its migrations say.
  const batch = new Set(underWay?.names)
  const differences = diffCatalogs(expected, ownersAsExpected(actual, expected), comparisonRules(input.printedAlike))
  const grown = grownPartitions(input)
  const told = differences.filter((difference) => {
    const { kind, object } = difference
    if (kind === 'unexpected' && (grown.has(object.key) || grown.has(object.partOf ?? ''))) return false
    const migration = responsible(input, difference)
    // What every database has and no migration speaks of, such as the owner of the schema public, may be as it is.
    if (difference.kind === 'different' && migration === null) return false
    if (underWay !== undefined && isOfBatch(object.path)) return false
    return !pending.has(migration ?? '') && !batch.has(migration ?? '')
  })
  const held = new Set(comparison.discrepancies.map(({ name }) => name))
  const failed = new Set(input.replayed.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name))
  const repairs = repairsOf(told, expected, actual, input.inUse)
  // What goes with a missing table, such as the sequence of a column, is not told as a difference of its own.
  const present = new Set([...objects(actual)].map(({ key }) => key))
  const byKey = new Map(differences.map((difference) => [difference.object.key, difference]))
  const isAsExpected = (key: string) => present.has(key) && !byKey.has(key)
  const findings = [
    ...comparison.discrepancies.map((discrepancy) => historyFinding(discrepancy, comparison.newest, input)),
    ...(underWay === undefined ? [] : [underWayFinding(underWay, input.priorities)]),
    ...pendingFindings(
      // What stands in the way of one has been told, with what to do.
      comparison.pending.filter(({ name }) => !batch.has(name) && !held.has(name)),
      { ...input, isAsExpected },
    ),
    ...replayFindings(input.replayed, pending).map((finding) => ({
      ...finding,
      message: failed.has(finding.object)
        ? `${finding.object} fails when the files are run from the beginning: ${finding.message}`
        : finding.message,
      kind: 'file_failed' as const,
      objectKey: null,
      migration: finding.object,
      query: null,
      repair: [],
    })),
    ...told.map((difference) => differenceFinding(difference, repairs, input)),
    ...input.others,
    ...healthFindings(input, new Set(differences.map(({ object }) => object.key))),
  ]
  return {
    findings: findings.toSorted((left, right) =>
      left.severity < right.severity ? -1 : left.severity > right.severity ? 1 : 0,
    ),
    differences: byKey,
    present,
    repair: repairs.statements,
    pending: [...pending],
  }
}

// Partitions that came with time to a table that the migrations partition: that is what it is partitioned for.
function grownPartitions({ expected, actual }: AuditInput): ReadonlySet<string> {
  return new Set(
    actual.tables.flatMap(({ schema, name, partitionOf }) =>
      partitionOf && findTable(expected, partitionOf.parent)?.partitionKey ? [objectKey('table', [schema, name])] : [],
    ),
  )
}

// The migration that says last what the object is.
function responsible({ provenance }: AuditInput, { kind, object }: Difference): string | null {
  const known = provenance.get(object.key) ?? (object.partOf === null ? undefined : provenance.get(object.partOf))
  if (known === undefined) return null
  if (kind === 'unexpected') return known.removedBy
  return known.changedBy.at(-1) ?? known.createdBy
}

function severityOf({ priorities }: AuditInput, migration: string | null): Severity {
  return (migration === null ? undefined : priorities.get(migration)) ?? 'P1'
}

function differenceFinding(difference: Difference, repairs: Repairs, input: AuditInput): AuditFinding {
  const { kind, object, expected, actual } = difference
  const migration = responsible(input, difference)
  const shown = expected ?? actual
  const statements = repairs.of(object.key).flatMap(({ runs }) => runs.map(({ sql }) => `${sql.inline('postgres')};`))
  return {
    code: kind === 'missing' ? 'object_missing' : kind === 'different' ? 'object_different' : 'object_unexpected',
    kind,
    severity: kind === 'unexpected' ? 'P2' : severityOf(input, migration),
    object: object.key,
    objectKey: object.key,
    migration,
    file: input.files.find(({ name }) => name === migration)?.path,
    message: describeDifference(difference),
    remedy:
      statements.length > 0
        ? byFix
        : (waitingRemedy(difference, repairs) ?? unknownRemedy(input, kind, migration) ?? remedyOf(kind, migration)),
    query: shown === null ? null : `${verificationQuery(shown).inline('postgres')};`,
    repair: statements,
  }
}

const byFix = 'Run metastore audit --fix, which runs the statements below.'

function waitingRemedy({ kind, object, expected }: Difference, repairs: Repairs): string | undefined {
  const column = repairs.waitsFor(object.key)
  if (column !== undefined) return `Put back ${column} first; then metastore audit --fix puts this back.`
  if (kind !== 'missing' || expected?.kind !== 'column') return undefined
  const { name, type } = expected.value
  return `It cannot be null, and nothing says what the rows that are there should hold: restore its values from a backup, or add it with a value for them, as in alter table … add column ${name} ${type} not null default ….`
}

// What an applied file makes is only known where it can be replayed, so nobody should drop it for being unknown.
function unknownRemedy(
  { replayed, applied }: AuditInput,
  kind: Difference['kind'],
  migration: string | null,
): string | undefined {
  if (kind !== 'unexpected' || migration !== null) return undefined
  const unknown = replayed
    .filter(
      ({ name, outcome }) => outcome !== 'applied' && outcome !== 'late' && applied.some((one) => one.name === name),
    )
    .map(({ name }) => name)
  if (unknown.length === 0) return undefined
  const which = unknown.length === 1 ? 'which was applied and does' : 'which were applied and do'
  return `It may be of ${unknown.join(', ')}, ${which} not run on a throw-away database: put that right first, and audit again.`
}

function remedyOf(kind: Difference['kind'], migration: string | null): string {
  if (kind === 'unexpected') {
    return migration === null
      ? 'Write a migration that makes it (metastore generate), or drop it if nobody needs it.'
      : `Migration ${migration} removes it: drop it if nobody needs it.`
  }
  return `Put it right by a new migration (metastore generate writes one)${migration === null ? '' : `, so that it is what ${migration} says`}.`
}

function historyFinding(
  discrepancy: Parameters<typeof describeDiscrepancy>[0],
  newest: string | null,
  input: AuditInput,
): AuditFinding {
  const { code, message, where, remedy } = describeDiscrepancy(discrepancy, newest)
  const kinds = {
    edited: 'edited',
    missing: 'file_missing',
    out_of_order: 'out_of_order',
    partly_replaced: 'out_of_order',
  } as const
  return {
    code,
    kind: kinds[discrepancy.kind],
    severity: severityOf(input, discrepancy.name),
    file: where,
    object: discrepancy.name,
    objectKey: null,
    migration: discrepancy.name,
    message,
    remedy,
    query: `${sql`select name, checksum, applied_at from ${id(input.stateSchema, 'migrations')} where name = ${literal(discrepancy.name)}`.inline('postgres')};`,
    repair: [],
  }
}

// What the comparison tells of an object is not told again.
function healthFindings(
  { actual, facts, tenantColumn, underWay }: AuditInput,
  told: ReadonlySet<string>,
): AuditFinding[] {
  return healthRules.flatMap((rule) =>
    rule
      .find(actual, facts, { tenantColumn })
      .filter(({ objectKey }) => !told.has(objectKey) && !(underWay !== undefined && isOfBatch([objectKey])))
      .map(({ objectKey, message, remedy, query, repair, severity }) => ({
        code: rule.code,
        kind: 'health' as const,
        severity: severity ?? rule.severity,
        object: objectKey,
        objectKey,
        migration: null,
        message,
        remedy,
        query,
        repair,
      })),
  )
}

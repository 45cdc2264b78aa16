import type { Dialect } from '../database/sql.ts'
import { MetastoreError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import { bodySyntax } from './check/body-syntax.ts'
import { branchConflict } from './check/branch-conflict.ts'
import type { Check, CheckInput } from './check/check-input.ts'
import { historyHazards } from './check/history-hazards.ts'
import { emptyMigration } from './check/empty-migration.ts'
import { invalidStamp } from './check/invalid-stamp.ts'
import { longName } from './check/long-name.ts'
import { nameWithoutNumber } from './check/name-without-number.ts'
import type { Surroundings } from './check/script-hazards.ts'
import { sharedNumber } from './check/shared-number.ts'
import { sqlPartsOf } from './check/sql-parts.ts'
import { sqlSyntax } from './check/sql-syntax.ts'
import { unmetRequirement } from './check/unmet-requirement.ts'
import { unusualName } from './check/unusual-name.ts'
import { findingOf } from './finding-of.ts'
import { parseMigration } from './formats.ts'
import type { AppliedMigration } from './history.ts'
import type { Migration, MigrationFile } from './migration.ts'
import { compareWithHistory } from './pending.ts'
import { problemsOf } from './problems.ts'
import { loadParser } from './sql/parser.ts'

/** Every rule about migration files that needs no database, in the order of their codes. */
export const checks: readonly Check[] = [
  bodySyntax,
  branchConflict,
  emptyMigration,
  invalidStamp,
  longName,
  nameWithoutNumber,
  sharedNumber,
  sqlSyntax,
  unmetRequirement,
  unusualName,
]

/** What is known beside the files. */
export interface CheckOptions extends Partial<Surroundings> {
  /** What `findMigrationFiles` could not read. */
  readonly problems?: readonly MetastoreError[]
  /** What the database has applied, where one was asked: then hazards are only looked for in what is pending. */
  readonly applied?: readonly AppliedMigration[] | undefined
  /** The names of those that hazards are looked for in; all unless said. */
  readonly selected?: ReadonlySet<string> | undefined
}

/**
 * Everything that can be said of migration files without running them: formats, names, order, syntax, and the hazards of
 * their SQL. Scripts are loaded, not run. In the order of the files, then of lines.
 */
export async function checkMigrations(
  files: readonly MigrationFile[],
  dialect: Dialect,
  options: CheckOptions = {},
): Promise<Finding[]> {
  const { problems = [], applied, selected, schema = 'public', rules = [] } = options
  const parser = dialect === 'postgres' && files.length > 0 ? await loadParser() : undefined
  const migrations: Migration[] = []
  const wrong: MetastoreError[] = [...problems]
  for (const file of files) {
    const parsed = await tryParse(file, dialect)
    if (parsed instanceof MetastoreError) wrong.push(...problemsOf(parsed))
    else migrations.push(parsed)
  }
  const comparison = applied && compareWithHistory(files, applied)
  const open = comparison && new Set(comparison.pending.map(({ name }) => name))
  const pending = open && selected ? new Set([...open].filter((name) => selected.has(name))) : (open ?? selected)
  const input: CheckInput = {
    files,
    migrations,
    dialect,
    schema,
    parser,
    parts: await sqlPartsOf(files, dialect),
    pending,
  }
  // Loaded here, because every command loads this file and few check anything.
  const { scriptHazards } = await import('./check/script-hazards.ts')
  const findings = [
    ...wrong.map(findingOf),
    ...migrations.flatMap(({ warnings = [] }) =>
      warnings.map((warning) => ({ ...findingOf(warning), severity: 'P2' as const })),
    ),
    ...checks.flatMap((check) => {
      const { code, severity, hazard } = check
      return check.check(input).map((report) => ({ code, severity, ...(hazard && { hazard }), ...report }))
    }),
    ...(comparison ? historyHazards(comparison) : []),
    ...(await scriptHazards(input, { ...options, schema, rules })),
  ]
  return sorted(distinct(findings), files)
}

async function tryParse(file: MigrationFile, dialect: Dialect): Promise<Migration | MetastoreError> {
  try {
    return await parseMigration(file, dialect)
  } catch (error) {
    if (error instanceof MetastoreError) return error
    throw error
  }
}

// The reader of a format and the check of its syntax may come upon the same thing.
function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()]
}

function sorted(findings: readonly Finding[], files: readonly MigrationFile[]): Finding[] {
  const paths = files.flatMap(({ path, down }) => (down === undefined ? [path] : [path, down.path]))
  const rank = new Map(paths.map((path, index) => [path, index]))
  const rankOf = ({ file = '' }: Finding) => rank.get(file) ?? -1
  return findings.toSorted(
    (a, b) => rankOf(a) - rankOf(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  )
}

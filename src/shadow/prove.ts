import type { Catalog } from '../catalog/catalog.ts'
import { DatabaseError } from '../database/database.ts'
import type { Finding } from '../finding.ts'
import { fileStatements, type FileStatement, type MigrationFile } from '../migrations/migrations.ts'
import { observe, storedTables, type Observation } from './observe.ts'
import { proofFindings } from './prove-findings.ts'
import { replay, type ReplayOptions } from './replay.ts'
import type { ShadowDatabase } from './shadow-database.ts'
import { onEmptyDatabase } from './throw-away.ts'

/** What was seen when a statement ran. */
export interface ProvedStatement {
  readonly migration: string
  readonly file: string
  readonly line: number
  readonly column: number
  /** Null where it could not be watched. */
  readonly observed: Observation | null
  /** Why it could not be watched, as a phrase; null where it could. */
  readonly reason: string | null
}

/** What running statements has shown. */
export interface Proof {
  readonly statements: readonly ProvedStatement[]
  /** Where the hazards say something else than what was seen. */
  readonly findings: readonly Finding[]
}

/**
 * Runs each statement of some migrations in a transaction on a throw-away database with a few rows, and looks at the locks it
 * takes and the tables it writes anew or reads. What it does is then compared with what the hazards say of it. Only files of
 * SQL are looked at: the locks of actions are those of their steps.
 */
export async function prove(
  files: readonly MigrationFile[],
  selected: ReadonlySet<string>,
  options: ReplayOptions & { readonly schema: string },
): Promise<Proof> {
  const steps = await (await replay(files, options)).steps()
  const byName = new Map(files.map((file) => [file.name, file]))
  const order = steps.flatMap(({ name }) => byName.get(name) ?? [])
  const before = new Map(steps.map((step) => [step.name, step.before]))
  const statements: ProvedStatement[] = []
  const findings: Finding[] = []
  // A file that cannot be run statement by statement is left behind, on a database of its own.
  for (let from = 0; from < order.length;) {
    from = await onEmptyDatabase(options, async (database) => {
      const applied: MigrationFile[] = []
      for (const [index, file] of order.entries()) {
        const isProved = index >= from && selected.has(file.name) && file.format === 'sql'
        const whole = isProved
          ? await proveFile(
              database,
              file,
              { ...options, catalogBefore: before.get(file.name) },
              { statements, findings },
            )
          : true
        if (!whole) return index + 1
        if (isProved) await database.record(applied, file)
        else await database.apply(applied, file)
        applied.push(file)
        if (!order.slice(index + 1).some(({ name }) => selected.has(name))) break
      }
      return order.length
    })
  }
  return { statements, findings }
}

interface Collected {
  readonly statements: ProvedStatement[]
  readonly findings: Finding[]
}

interface FileContext {
  readonly schema: string
  readonly stateSchema?: string | undefined
  readonly catalogBefore: Catalog | undefined
}

// Returns whether all of it has run, so that the next file finds what it needs.
async function proveFile(
  { session }: ShadowDatabase,
  file: MigrationFile,
  { schema, stateSchema = 'metastore', catalogBefore }: FileContext,
  { statements, findings }: Collected,
): Promise<boolean> {
  const known = new Set((await storedTables(session, [stateSchema])).map(({ oid }) => oid))
  await session.transaction(() => Promise.resolve(), { resetSession: true })
  // What SET LOCAL says holds for the whole file.
  const local: string[] = []
  for (const statement of await fileStatements(file, { schema, catalogBefore })) {
    if (statement.kind === 'transaction') continue
    if (statement.kind === 'local') {
      local.push(statement.text)
      continue
    }
    const { line, column } = statement
    const about = { migration: file.name, file: file.path, line, column }
    const before = (await storedTables(session, [stateSchema])).filter(({ oid }) => known.has(oid))
    try {
      const observed = await observe(session, [...local, statement.text], before)
      statements.push({ ...about, observed, reason: null })
      findings.push(...proofFindings({ ...about, observed, statement }))
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      statements.push({ ...about, observed: null, reason: reasonOf(error) })
    }
    if (!(await runs(session, local, statement))) return false
  }
  return true
}

async function runs(
  session: ShadowDatabase['session'],
  local: readonly string[],
  { text }: FileStatement,
): Promise<boolean> {
  try {
    await session.transaction(async (tx) => {
      for (const script of [...local, text]) await tx.script(script)
    })
    return true
  } catch (error) {
    if (error instanceof DatabaseError) return false
    throw error
  }
}

// As the server says it: CREATE INDEX CONCURRENTLY cannot run inside a transaction block.
function reasonOf({ engineCode, message }: DatabaseError): string {
  return engineCode === '25001' ? 'it cannot run in a transaction' : message.replace(/\.$/, '')
}

import type { AuditFinding } from '../../audit/audit.ts'
import { sql } from '../../database/database.ts'
import { loadDefaultExport, splitScript, type Engine } from '../../migrations/migrations.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { failureFinding } from './failure-finding.ts'
import { text, type Input } from '../input.ts'
import { seedSelection } from '../seeding/seed-options.ts'

/** Seeds that are not applied, or not as they are now. Where none ever was, nobody wants them there, and nothing is said. */
export async function seedFindings(
  engine: Engine,
  entry: DatabaseEntry,
  input: Input,
  context: Context,
): Promise<readonly AuditFinding[]> {
  try {
    return await unapplied(engine, entry, input, context)
  } catch (error) {
    return [failureFinding(error, 'seed')]
  }
}

async function unapplied(
  engine: Engine,
  entry: DatabaseEntry,
  input: Input,
  context: Context,
): Promise<readonly AuditFinding[]> {
  const { settings } = entry
  const { seedHistory, unappliedSeeds } = await import('../../seeds/seeds.ts')
  const { set, files } = await seedSelection(entry, context, { set: text(input, 'set') })
  if (files.length === 0) return []
  const { database, session } = engine
  const open = await unappliedSeeds({
    database,
    session,
    stateSchema: settings.stateSchema,
    set,
    files,
    environment: text(input, 'environment') ?? settings.environment,
    readers: { splitSql: splitScript, loadScript: loadDefaultExport },
  })
  const { table } = seedHistory(database, settings.stateSchema)
  const query = `${sql`select file, applied_at, actor from ${table} order by applied_at`.inline(database.dialect)};`
  return open.map(({ file, state }) => ({
    code: state === 'missing' ? 'seed_missing' : 'seed_changed',
    kind: 'seed',
    severity: 'P1',
    file,
    objectKey: null,
    migration: null,
    message:
      state === 'missing'
        ? `The seed ${file} was never applied.`
        : `The seed ${file}, or a file that it reads, has changed since it was applied.`,
    remedy: 'Look at what it would do with metastore seed --plan, and apply it with metastore seed.',
    query,
    repair: [],
  }))
}

import { MetastoreError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import {
  checkMigrations,
  readStatistics,
  selectPending,
  type Allowances,
  type Destination,
  type Engine,
  type MigrationFile,
  type Position,
} from '../migrations/migrations.ts'
import type { OptionDefinition } from './command.ts'
import type { Context, DatabaseEntry } from './context.ts'
import { windowOption } from './guard.ts'
import { list, type Input } from './input.ts'
import { count } from './ui/tables.ts'

/** The option that acknowledges hazards of a production database. */
const hazardOption: OptionDefinition = {
  flags: '--allow-hazard <id>',
  description: 'a hazard, such as H33, that a production database may meet; may be repeated',
  repeats: true,
}

/** The options of commands that apply migrations to a database in production. */
export const productionOptions: readonly OptionDefinition[] = [windowOption, hazardOption]

// Dropped tables, columns and sequences, and what goes with CASCADE: however quick they are, no rollback brings the rows back.
const losing: ReadonlySet<string> = new Set(['H32', 'H33', 'H34', 'H35'])

/** How far a run is going to go. */
export interface Extent {
  readonly to?: Destination | undefined
  readonly allow?: Allowances | undefined
}

/**
 * Asked before migrations are applied: on a production database a P0 hazard in what is pending, and one that loses data, has to
 * be acknowledged, by a comment in the file or on the command line. Throws `hazard_unacknowledged`. It is asked twice, and looks once.
 */
export function hazardGate(
  entry: DatabaseEntry,
  engine: Engine,
  files: readonly MigrationFile[],
  { to, allow }: Extent,
  { input, context }: { readonly input: Input; readonly context: Context },
): (position: Position) => Promise<void> {
  const looked = new Set<string>()
  return async (position) => {
    if (entry.settings.environment !== 'production') return
    const pending = selectPending(files, position, { ...(to && { to }), ...(allow && { allow }) })
    if (pending.every(({ name }) => looked.has(name))) return
    pending.forEach(({ name }) => looked.add(name))
    const { dialect } = engine.database
    const { checkRules: rules } = await context.project()
    const findings = await checkMigrations(files, dialect, {
      applied: position.applied,
      statistics: dialect === 'postgres' ? await readStatistics(engine.session) : undefined,
      schema: entry.settings.schema,
      rules,
    })
    const allowed = new Set(list(input, 'allowHazard').map((id) => id.toUpperCase()))
    const paths = new Set(pending.map(({ path }) => path))
    const hazards = findings.filter(
      ({ severity, hazard = '', file }) =>
        hazard !== '' &&
        (severity === 'P0' || (severity === 'P1' && losing.has(hazard))) &&
        !allowed.has(hazard) &&
        paths.has(file ?? ''),
    )
    if (hazards.length > 0) throw unacknowledged(entry, hazards)
  }
}

/** Refuses a rollback of a production database that may lose data, unless its name is given. Throws `production_guarded`. */
export function assertLossConfirmed({ settings: { name, environment } }: DatabaseEntry, input: Input): void {
  if (environment !== 'production' || list(input, 'confirm').includes(name)) return
  throw new MetastoreError({
    code: 'production_guarded',
    message: `The database ${name} is marked as production, so --allow-data-loss alone does not let a rollback lose its data.`,
    where: name,
    remedy: `Look at what would be lost without --allow-data-loss; if that is meant, add --confirm ${name}.`,
  })
}

function unacknowledged({ settings: { name } }: DatabaseEntry, hazards: readonly Finding[]): MetastoreError {
  const ids = [...new Set(hazards.map(({ hazard }) => hazard ?? ''))].sort()
  const place = ({ file, line, column }: Finding) => [file, line, column].filter((part) => part !== undefined).join(':')
  const [first] = hazards
  return new MetastoreError({
    code: 'hazard_unacknowledged',
    message: `The database ${name} is marked as production, and what is pending holds ${count(hazards.length, 'hazard')} that nobody has acknowledged: ${ids.join(', ')}. Nothing was changed.`,
    where: first && place(first),
    remedy: `Mend it as metastore check --explain ${ids[0] ?? ''} says; or allow it in the file, with a reason (-- metastore: allow ${ids[0] ?? ''} because …), or for this run with ${ids.map((id) => `--allow-hazard ${id}`).join(' ')}.`,
    details: hazards.slice(0, 10).map((finding) => `${place(finding)}: ${finding.hazard ?? ''} ${finding.message}`),
  })
}

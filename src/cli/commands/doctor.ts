import { examine, type Diagnosis } from '../../doctor/doctor.ts'
import { MetastoreError } from '../../errors.ts'
import type { MigrationFile } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import { diagnoseBackup } from '../diagnose-backup.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase } from '../each-database.ts'
import { keySourceOf } from '../keyring.ts'
import { embeddedDirectory } from '../embedded-directory.ts'
import type { Output } from '../output.ts'
import type { Project } from '../../project/project.ts'

/** Looks at everything that migrations need, and says what to mend. */
export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'Look at everything that migrations need, and say what to mend',
  description:
    'Whether the database is reachable, its version, permissions, the extensions that migrations ask for, clock, disk, long transactions, invalid indexes, the keys for encryption, the program of backup_command, and whether files and history agree. Nothing is changed. Exit status 3 when there is a problem; warnings alone are 0.',
  examples: [['metastore doctor --wait 30s', 'look at every database, giving servers half a minute to start']],
  scope: 'databases',
  json: 'databases[]: database, address (null where it cannot be known), diagnoses[] (check, severity (ok, warning or problem), message, remedy)',
  run: (_input, context) =>
    eachDatabase(context, async (entry) => {
      const diagnoses = await diagnose(entry, context)
      diagnoses.forEach((diagnosis) => render(context.output, diagnosis))
      const clean = diagnoses.every(({ severity }) => severity !== 'problem')
      // A URL that cannot be known, as when it refers to a variable that is not set, is among the findings already.
      const address = entry.settings.problems.url === undefined ? entry.address() : null
      return { document: { address, diagnoses }, clean }
    }),
})

async function diagnose(entry: DatabaseEntry, context: Context): Promise<Diagnosis[]> {
  if (entry.settings.problems.url !== undefined) return [problem('configuration', entry.settings.problems.url)]
  const files = await entry.files().catch(expected)
  const found = await examineDatabase(entry, files instanceof MetastoreError ? [] : files, context).catch(expected)
  if (found instanceof MetastoreError) {
    return [problem('server', found), ...(files instanceof MetastoreError ? [problem('files', files)] : [])]
  }
  if (!(files instanceof MetastoreError)) return found
  // Without its files nothing can be said of what depends on them.
  return [...found.filter(({ check }) => check !== 'migrations'), problem('files', files)]
}

async function examineDatabase(
  entry: DatabaseEntry,
  files: readonly MigrationFile[],
  context: Context,
): Promise<Diagnosis[]> {
  const project = await context.project()
  const keySource = keySourceOf(entry.settings, project)
  await using engine = await entry.engine({ command: 'doctor', reads: true })
  const found = await examine({
    ...engine,
    address: entry.address(),
    files,
    directory: embeddedDirectory(entry),
    keySource,
    hasEncryptedColumns: entry.settings.encrypted.length > 0,
  })
  return [...found, ...variables(entry, project), ...(await diagnoseBackup(entry, context))]
}

function variables({ settings }: DatabaseEntry, { variable }: Project): Diagnosis[] {
  return settings.requiredVariables.map((name) =>
    variable(name)
      ? { check: 'variables', severity: 'ok', message: `${name} is set.`, remedy: null }
      : {
          check: 'variables',
          severity: 'problem',
          message: `${name} is not set.`,
          remedy: `Set ${name} in the environment or in .env; required_variables in metastore.toml names it.`,
        },
  )
}

// What keeps the examination from beginning is a finding, not a failure of the command.
function expected(error: unknown): MetastoreError {
  if (error instanceof MetastoreError && error.code !== 'canceled') return error
  throw error
}

function problem(check: string, { message, where, details, remedy }: MetastoreError): Diagnosis {
  const place = where === undefined || check === 'server' || message.includes(where) ? '' : `${where}: `
  return { check, severity: 'problem', message: [`${place}${message}`, ...details].join(' '), remedy }
}

function render({ line, paint }: Output, { check, severity, message, remedy }: Diagnosis): void {
  const mark = { ok: paint.good('ok     '), warning: paint.warn('warning'), problem: paint.bad('problem') }[severity]
  line(`${mark}  ${check}: ${message}`)
  if (remedy !== null) line(`         next: ${remedy}`)
}

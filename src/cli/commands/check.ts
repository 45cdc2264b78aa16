import { writeFileSync } from 'node:fs'
import { MetastoreError } from '../../errors.ts'
import type { Finding, Severity } from '../../finding.ts'
import {
  applyFixes,
  checkMigrations,
  findMigrationFiles,
  replayOnSqlite,
  type AppliedMigration,
} from '../../migrations/migrations.ts'
import { nearest } from '../../nearest.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { exitStatus, type ExitStatus } from '../exit-status.ts'
import { flag, text, type Input } from '../input.ts'
import { eachDatabase } from '../each-database.ts'
import type { Output } from '../output.ts'
import { count } from '../ui/tables.ts'

/** Looks at the migration files; no database is needed. */
export const checkCommand = defineCommand({
  name: 'check',
  summary: 'Look at the migration files: format, order, syntax, and what would hurt a database in use',
  description:
    'No database is needed. SQL is read by the parser of PostgreSQL itself, or, where the URL is one of SQLite, by running it on an empty database in memory. With --url on the command line the history of that database is read: hazards are then only looked for in what is pending, and files that were edited, are missing or come late are told. A hazard that does no harm is allowed by a comment: -- metastore: allow H01 because … . Exit status 3 when there is a finding as bad as --fail-on or worse.',
  examples: [
    ['metastore check', 'look at the migrations of every database'],
    ['metastore check --dirs db/migrations --fail-on P2', 'look at one directory, and fail on hints as well'],
    ['metastore check --fix', 'rewrite what can be made safe, and say what is left'],
    ['metastore check --explain H01', 'say why a hazard hurts, and what to do instead'],
  ],
  scope: 'project',
  options: [
    { flags: '--fail-on <severity>', description: 'P0, P1 (default) or P2: what makes the exit status 3' },
    {
      flags: '--fix',
      description:
        'write the rewrites that are always safe into the files, then look again; with --url never into one that is applied',
    },
    { flags: '--explain <hazard>', description: 'print the page of a hazard, by its id or code, and do nothing else' },
  ],
  json: 'databases[]: database, files (how many), fixed[] (file, description; with --fix), findings[] (code, hazard, severity, file, line, column, object, message, remedy, fix (description, edits[] (start, end, text; offsets in UTF-16 code units)), asAction (the same as a file of actions)); with --explain hazard (id, code, title, severity, why, remedy, silence, needs)',

  run(input, context) {
    const explained = text(input, 'explain')
    if (explained !== undefined) return explain(explained, context.output)
    const worst = failOn(input)
    return eachDatabase(context, async (entry) => {
      const applied = await appliedIn(entry)
      const fixed = flag(input, 'fix') ? await fixAll(entry, context, applied) : undefined
      const { files, findings } = await look(entry, context, applied)
      render(context.output, findings, files)
      return {
        document: { files, ...(fixed && { fixed }), findings },
        clean: findings.every(({ severity }) => severity > worst),
      }
    })
  },
})

/** What the database has applied, where its URL was given on the command line. */
async function appliedIn(entry: DatabaseEntry): Promise<readonly AppliedMigration[] | undefined> {
  if (entry.settings.origins.url.from !== 'flag') return undefined
  await using engine = await entry.engine({ command: 'check', reads: true })
  return (await engine.look()).applied
}

async function look(entry: DatabaseEntry, context: Context, applied: readonly AppliedMigration[] | undefined) {
  const { files, problems } = await findMigrationFiles(entry.directories(), { unknownKeys: entry.settings.unknownKeys })
  const dialect = entry.dialect()
  const { schema } = entry.settings
  const { checkRules: rules } = await context.project()
  const read = await checkMigrations(files, dialect, { problems, applied, schema, rules })
  const runs = dialect === 'sqlite' && read.every(({ severity }) => severity !== 'P0')
  const findings = runs ? [...read, ...(await replayOnSqlite(files, context.signal))] : read
  return { files: files.length, findings, sources: files }
}

interface Fixed {
  readonly file: string
  readonly description: string
}

// A fix can uncover another, or get in the way of one; so it goes on until nothing is left to fix.
async function fixAll(
  entry: DatabaseEntry,
  context: Context,
  applied: readonly AppliedMigration[] | undefined,
): Promise<Fixed[]> {
  const fixed: Fixed[] = []
  for (let round = 0; round < mostRounds; round += 1) {
    const { findings, sources } = await look(entry, context, applied)
    const before = fixed.length
    for (const { path, absolutePath, source, name } of sources) {
      if (applied?.some((one) => one.name === name)) continue
      const fixes = findings.flatMap(({ file, fix }) => (file === path && fix ? [fix] : []))
      if (fixes.length === 0) continue
      const result = applyFixes(source, fixes)
      write(absolutePath, path, result.text)
      fixed.push(...result.applied.map(({ description }) => ({ file: path, description })))
    }
    if (fixed.length === before) break
  }
  for (const { file, description } of fixed)
    context.output.line(`${context.output.paint.good('fixed')} ${file}: ${description}`)
  return fixed
}

const mostRounds = 10

function write(absolutePath: string, path: string, source: string): void {
  try {
    writeFileSync(absolutePath, source)
  } catch (cause) {
    throw new MetastoreError({
      code: 'file_unwritable',
      message: `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)}).`,
      where: path,
      remedy: 'Make it writable, or take the fixes that metastore check shows by hand.',
      cause,
    })
  }
}

function render({ line, paint }: Output, findings: readonly Finding[], files: number): void {
  for (const { code, hazard, severity, file, line: row, column, message, remedy, fix, asAction } of findings) {
    const colour = severity === 'P0' ? paint.bad : severity === 'P1' ? paint.warn : paint.faint
    const where = [file, row, column].filter((part) => part !== undefined).join(':')
    const name = hazard === undefined ? code : `${hazard} ${code}`
    line(`${colour(severity)} ${where === '' ? '' : `${where}: `}${message} ${paint.faint(`[${name}]`)}`)
    line(`   ${remedy}`)
    if (fix) line(`   fix: ${fix.description} (metastore check --fix)`)
    if (asAction !== undefined) {
      line('   as an action, in a .toml file:')
      for (const each of asAction.trimEnd().split('\n')) line(each === '' ? '' : `     ${each}`)
    }
  }
  line(`${count(files, 'migration')} checked, ${count(findings.length, 'finding')}.`)
}

async function explain(name: string, output: Output): Promise<ExitStatus> {
  const { hazardOf, hazardPage, hazards } = await import('../../migrations/hazard-reference.ts')
  const hazard = hazardOf(name)
  if (hazard === undefined) {
    const meant = nearest(
      name,
      hazards.map(({ code }) => code),
    )
    throw new MetastoreError({
      code: 'usage',
      message: `There is no hazard ${JSON.stringify(name)}.`,
      remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}metastore docs hazards lists what there is.`,
    })
  }
  output.line(hazardPage(hazard))
  const { id, code, title, severity, why, remedy, silence, needs } = hazard
  output.document({ hazard: { id, code, title, severity, why, remedy, silence, needs } })
  return exitStatus.done
}

function failOn(input: Input): Severity {
  const given = text(input, 'failOn') ?? 'P1'
  if (given === 'P0' || given === 'P1' || given === 'P2') return given
  throw new MetastoreError({
    code: 'usage',
    message: `--fail-on cannot be ${JSON.stringify(given)}.`,
    remedy: 'Use P0, P1 or P2.',
  })
}

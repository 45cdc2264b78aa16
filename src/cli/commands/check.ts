import { writeFileSync } from 'node:fs'
import { MetastoreError } from '../../errors.ts'
import { applyFixes, checkMigrations, findMigrationFiles, replayOnSqlite } from '../../migrations/migrations.ts'
import { nearest } from '../../nearest.ts'
import { changedSince } from '../authoring/changed-files.ts'
import { proved, readLive, replayed, type Live, type ReplayChoice } from '../check-knowledge.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { exitStatus, type ExitStatus } from '../exit-status.ts'
import { relativeTo, type Checked } from '../findings/checked.ts'
import { checkedFormats, renderChecked } from '../findings/render-checked.ts'
import { flag, text } from '../input.ts'
import { failOn } from '../fail-on.ts'
import { eachDatabase } from '../each-database.ts'
import type { Output } from '../output.ts'
import { renderFindings } from '../ui/findings.ts'
import { renderProof } from '../ui/proof.ts'
import { count } from '../ui/tables.ts'

/** Looks at the migration files; no database is needed. */
export const checkCommand = defineCommand({
  name: 'check',
  summary: 'Look at the migration files: format, order, syntax, and what would hurt a database in use',
  description:
    'No database is needed. SQL is read by the parser of PostgreSQL itself, or, where the URL is one of SQLite, by running it on an empty database in memory. With --since hazards are only looked for in files that are new or changed since a revision of git, as a pull request brings them. With --url on the command line the history of that database is read: hazards are then only looked for in what is pending and graded by the size of its tables, and files that were edited, are missing or come late are told. With --replay the files are run as well, on a throw-away database; with --prove each statement in a transaction of its own, on tables with a few rows, to see the locks that it takes, what it rewrites and what it reads. A hazard that does no harm is allowed by a comment: -- metastore: allow H01 because … . Exit status 3 when there is a finding as bad as --fail-on or worse.',
  examples: [
    ['metastore check', 'look at the migrations of every database'],
    ['metastore check --dirs db/migrations --fail-on P2', 'look at one directory, and fail on hints as well'],
    ['metastore check --replay', 'run the files as well, and find the order that works'],
    ['metastore check --prove', 'run each statement, and show the locks that it takes'],
    ['metastore check --fix', 'rewrite what can be made safe, and say what is left'],
    ['metastore check --since origin/main', 'look for hazards only in what the branch brings'],
    [
      'metastore check --format github',
      'annotations on a pull request; also gitlab, sarif, and markdown for a comment',
    ],
    ['metastore check --explain H01', 'say why a hazard hurts, and what to do instead'],
  ],
  scope: 'project',
  formats: checkedFormats,
  options: [
    { flags: '--fail-on <severity>', description: 'P0, P1 (default) or P2: what makes the exit status 3' },
    {
      flags: '--fix',
      description:
        'write the rewrites that are always safe into the files, then look again; with --url or --since never into one that is applied or was there',
    },
    {
      flags: '--since <revision>',
      description:
        'look for hazards only in files that are new or changed since this revision of git, such as origin/main',
    },
    { flags: '--replay', description: 'run the files on a throw-away PostgreSQL as well, and name those that fail' },
    {
      flags: '--prove',
      description:
        'run each statement as well, show the locks that it takes, what it rewrites and what it reads, and tell where the hazards say something else; with --url only of what is pending',
    },
    {
      flags: '--shadow <url>',
      description: 'with --replay or --prove: a server to run them on, in a database of their own',
    },
    { flags: '--statistics <file>', description: 'grade hazards by the tables of which these statistics were saved' },
    { flags: '--save-statistics <file>', description: 'with --url: write the statistics of its tables to this file' },
    { flags: '--explain <hazard>', description: 'print the page of a hazard, by its id or code, and do nothing else' },
  ],
  json: 'databases[]: database, files (how many), fixed[] (file, description; with --fix), proved[] (migration, file, line, column, observed (locks[] (table, mode), rewrites[], scans[] or null) or null, reason; with --prove), findings[] (code, hazard, severity, file, line, column, object, message, remedy, fix (description, edits[] (start, end, text; offsets in UTF-16 code units)), asAction (the same as a file of actions)); with --explain hazard (id, code, title, severity, why, remedy, silence, needs)',

  async run(input, context) {
    const explained = text(input, 'explain')
    if (explained !== undefined) return explain(explained, context.output)
    const worst = failOn(input)
    const since = text(input, 'since')
    const format = checkedFormats.find((known) => known === text(input, 'format'))
    const checked: Checked[] = []
    const status = await eachDatabase(context, async (entry) => {
      const live = await readLive(entry, input, context.workingDirectory)
      const fixed = flag(input, 'fix') ? await fixAll(entry, context, live, since) : undefined
      const options = { replay: flag(input, 'replay'), shadow: text(input, 'shadow'), since }
      const looked = await look(entry, context, live, options)
      const { files, selected } = looked
      const proof = flag(input, 'prove')
        ? await proved(looked.sources, entry, context, { live, selected, ...options })
        : undefined
      const findings = [...looked.findings, ...(proof?.findings ?? [])]
      if (format === undefined) {
        if (proof) renderProof(context.output, proof.statements)
        renderFindings(context.output, findings)
        context.output.line(`${count(files, 'migration')} checked, ${count(findings.length, 'finding')}.`)
      }
      const { directory } = await context.project()
      const placed = relativeTo(context.workingDirectory, directory, findings)
      checked.push({ database: entry.settings.name, files, findings: placed })
      return {
        document: { files, ...(fixed && { fixed }), ...(proof && { proved: proof.statements }), findings },
        clean: findings.every(({ severity }) => severity > worst),
      }
    })
    if (format !== undefined) context.output.report(await renderChecked(format, checked))
    return status
  },
})

interface LookChoice extends ReplayChoice {
  /** The revision whose files are not looked at for hazards. */
  readonly since: string | undefined
}

async function look(entry: DatabaseEntry, context: Context, live: Live | undefined, options: LookChoice) {
  const { files, problems } = await findMigrationFiles(entry.directories(), { unknownKeys: entry.settings.unknownKeys })
  const dialect = entry.dialect()
  const { schema } = entry.settings
  const { checkRules: rules } = await context.project()
  const selected = options.since === undefined ? undefined : await changedSince(options.since, files)
  const run =
    options.replay && dialect === 'postgres' ? await replayed(files, entry, context, live?.applied, options) : undefined
  const read = await checkMigrations(files, dialect, {
    problems,
    applied: live?.applied,
    selected,
    statistics: live?.statistics,
    catalogBefore: run?.catalogBefore,
    schema,
    rules,
  })
  const runs = dialect === 'sqlite' && read.every(({ severity }) => severity !== 'P0')
  const findings = [...read, ...(runs ? await replayOnSqlite(files, context.signal) : []), ...(run?.findings ?? [])]
  return { files: files.length, findings, sources: files, selected }
}

interface Fixed {
  readonly file: string
  readonly description: string
}

// A fix can uncover another, or get in the way of one; so it goes on until nothing is left to fix.
async function fixAll(
  entry: DatabaseEntry,
  context: Context,
  live: Live | undefined,
  since: string | undefined,
): Promise<Fixed[]> {
  const fixed: Fixed[] = []
  for (let round = 0; round < mostRounds; round += 1) {
    const choice = { replay: false, shadow: undefined, since }
    const { findings, sources, selected } = await look(entry, context, live, choice)
    const before = fixed.length
    for (const { path, absolutePath, source, name } of sources) {
      if (live?.applied?.some((one) => one.name === name) || selected?.has(name) === false) continue
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

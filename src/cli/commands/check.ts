import { MetastoreError } from '../../errors.ts'
import type { Finding, Severity } from '../../finding.ts'
import { checkMigrations, findMigrationFiles, replayOnSqlite } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import { text, type Input } from '../input.ts'
import { eachDatabase } from '../each-database.ts'
import type { Output } from '../output.ts'
import { count } from '../ui/tables.ts'

/** Looks at the migration files; no database is needed. */
export const checkCommand = defineCommand({
  name: 'check',
  summary: 'Look at the migration files: format, names, order and syntax; no database is needed',
  description:
    'SQL is read by the parser of PostgreSQL itself, or, where the URL is one of SQLite, by running it on an empty database in memory. Everything that is found is told, not only the first. Exit status 3 when there is a finding as bad as --fail-on or worse.',
  examples: [
    ['metastore check', 'look at the migrations of every database'],
    ['metastore check --dirs db/migrations --fail-on P2', 'look at one directory, and fail on hints as well'],
  ],
  scope: 'project',
  options: [{ flags: '--fail-on <severity>', description: 'P0, P1 (default) or P2: what makes the exit status 3' }],
  json: 'databases[]: database, files (how many), findings[] (code, severity, file, line, column, object, message, remedy)',

  run(input, context) {
    const worst = failOn(input)
    return eachDatabase(context, async (entry) => {
      const { files, problems } = await findMigrationFiles(entry.directories(), {
        unknownKeys: entry.settings.unknownKeys,
      })
      const dialect = entry.dialect()
      const read = await checkMigrations(files, dialect, { problems })
      const runs = dialect === 'sqlite' && read.every(({ severity }) => severity !== 'P0')
      const findings = runs ? [...read, ...(await replayOnSqlite(files, context.signal))] : read
      render(context.output, findings, files.length)
      return { document: { files: files.length, findings }, clean: findings.every(({ severity }) => severity > worst) }
    })
  },
})

function render({ line, paint }: Output, findings: readonly Finding[], files: number): void {
  for (const { code, severity, file, line: row, column, message, remedy } of findings) {
    const colour = severity === 'P0' ? paint.bad : severity === 'P1' ? paint.warn : paint.faint
    const where = [file, row, column].filter((part) => part !== undefined).join(':')
    line(`${colour(severity)} ${where === '' ? '' : `${where}: `}${message} ${paint.faint(`[${code}]`)}`)
    line(`   ${remedy}`)
  }
  line(`${count(files, 'migration')} checked, ${count(findings.length, 'finding')}.`)
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

import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MetastoreError } from '../../errors.ts'
import type { TestOutcome } from '../../migration-tests/migration-tests.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase } from '../each-database.ts'
import { exitStatus } from '../exit-status.ts'
import { flag, text, type Input } from '../input.ts'
import type { Output } from '../output.ts'
import { count, duration } from '../ui/tables.ts'

/** Runs the project's tests of its migrations. */
export const testCommand = defineCommand({
  name: 'test',
  summary: 'Run the tests of migrations: rows before, migrate, rows after; and every migration there and back',
  description:
    'Runs the tests in tests/ (setting tests; in a project with several databases, each names its own), SQL or TypeScript, on a throw-away PostgreSQL in this process, or with --shadow on a server; the database of the project is not asked. What a state of the schema is made of is kept, so that only what changed is applied again. A test says where it begins by -- before: MIGRATION or -- at: MIGRATION, and begins after all migrations where it says nothing. Exit status 1 when a test fails.',
  examples: [
    ['metastore test', 'run every test'],
    ['metastore test tests/names.sql', 'run one file'],
    ['metastore test --round-trip', 'apply every migration, take it back, apply it again, and compare'],
    ['metastore test --junit report.xml', 'write a report for CI as well'],
  ],
  scope: 'project',
  arguments: [{ name: '[files...]', description: 'files of tests, instead of all in the directories' }],
  options: [
    { flags: '--round-trip', description: 'try every migration there and back, instead of running tests' },
    { flags: '--shadow <url>', description: 'a server to run on, in databases of their own' },
    { flags: '--junit <file>', description: 'write the outcome as JUnit XML' },
  ],
  json: 'databases[]: database, tests[] (title, path, outcome (passed, failed or skipped), durationMs, message, where)',

  async run(input, context) {
    const suites: { name: string; outcomes: readonly TestOutcome[] }[] = []
    const without = await withoutTests(input, context)
    const status = await eachDatabase(context, async (entry) => {
      const outcomes = without.includes(entry) ? [] : await testDatabase(entry, input, context)
      suites.push({ name: entry.settings.name, outcomes })
      if (without.includes(entry)) context.output.line('No tests: metastore.toml names no directory of them.')
      return { document: { tests: outcomes } }
    })
    const report = text(input, 'junit')
    if (report !== undefined) await writeReport(report, context, suites)
    const failed = suites.some(({ outcomes }) => outcomes.some(({ outcome }) => outcome === 'failed'))
    return failed ? exitStatus.failed : status
  },
})

// Of several databases nobody said whose the default directory is, and a test of one says nothing about another. Throws
// `test_missing` when that is so for all that are selected.
async function withoutTests(input: Input, context: Context): Promise<readonly DatabaseEntry[]> {
  const { databases } = await context.project()
  if (databases.length < 2 || flag(input, 'roundTrip') || namesOf(input).length > 0) return []
  const selected = await context.databases()
  const without = selected.filter(({ settings }) => settings.origins.tests.from === 'default')
  if (without.length === selected.length) throw noTestsNamed(without)
  return without
}

async function testDatabase(entry: DatabaseEntry, input: Input, context: Context): Promise<readonly TestOutcome[]> {
  if (entry.dialect() !== 'postgres') throw notPostgres(entry)
  const { findTests, roundTrips, runTests } = await import('../../migration-tests/migration-tests.ts')
  const files = await entry.files()
  const { settings } = entry
  const { output, signal, workingDirectory } = context
  const { directory } = await context.project()
  const options = {
    directory: path.join(directory, '.metastore', 'shadow', settings.name),
    server: text(input, 'shadow'),
    stateSchema: settings.stateSchema,
    signal,
    progress: output.progress,
  }
  const tell = (outcome: TestOutcome) => render(output, outcome)
  const named = namesOf(input).map((one) => ({ path: one, absolute: path.resolve(workingDirectory, one) }))
  const outcomes = flag(input, 'roundTrip')
    ? await roundTrips(files, options, tell)
    : await runTests(await findTests(settings.tests, named, files), files, options, tell)
  const number = (wanted: TestOutcome['outcome']) => outcomes.filter(({ outcome }) => outcome === wanted).length
  const [failed, skipped] = [number('failed'), number('skipped')]
  const rest = skipped > 0 ? `, ${skipped} skipped` : ''
  output.line(`${count(outcomes.length, 'test')}: ${number('passed')} passed, ${failed} failed${rest}.`)
  return outcomes
}

function noTestsNamed(entries: readonly DatabaseEntry[]): MetastoreError {
  const names = entries.map(({ settings }) => settings.name)
  return new MetastoreError({
    code: 'test_missing',
    message: 'No directory of tests is named, and of several databases tests/ belongs to none.',
    where: names.join(', '),
    remedy: `Add tests = ["tests"] to [database.${names[0] ?? ''}] in metastore.toml, or give a file here, with --database.`,
  })
}

function namesOf(input: Input): readonly string[] {
  const [given] = input.arguments
  return Array.isArray(given) ? (given as readonly string[]) : []
}

function render(
  { line, paint }: Output,
  { title, path: file, outcome, durationMs, message, where }: TestOutcome,
): void {
  const mark = { passed: paint.good('passed '), failed: paint.bad('failed '), skipped: paint.warn('skipped') }[outcome]
  line(`${mark} ${file}: ${title}  ${paint.faint(duration(durationMs))}`)
  if (message !== null) line(`        ${where === null ? '' : `${where}: `}${message}`)
}

async function writeReport(
  report: string,
  { workingDirectory }: Context,
  suites: readonly { readonly name: string; readonly outcomes: readonly TestOutcome[] }[],
): Promise<void> {
  const { junitXml } = await import('../../migration-tests/migration-tests.ts')
  try {
    await writeFile(path.resolve(workingDirectory, report), junitXml(suites))
  } catch (cause) {
    throw new MetastoreError({
      code: 'file_unwritable',
      message: `${report} cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)}).`,
      where: report,
      remedy: 'Name a place that exists and may be written to.',
      cause,
    })
  }
}

function notPostgres(entry: DatabaseEntry): MetastoreError {
  return new MetastoreError({
    code: 'not_supported',
    message: `The migrations of ${entry.settings.name} are for SQLite, and tests run on PostgreSQL.`,
    where: entry.settings.where ?? entry.settings.name,
    remedy: 'Name another database with --database.',
  })
}

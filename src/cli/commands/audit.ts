import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  audit,
  countRows,
  renderHtml,
  renderMarkdown,
  repairDatabase,
  type Audit,
  type AuditFinding,
  type AuditReport,
  type RepairResult,
} from '../../audit/audit.ts'
import { MetastoreError } from '../../errors.ts'
import type { Severity } from '../../finding.ts'
import { redactData } from '../../secrets/redaction.ts'
import type { Engine, MigrationFile } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase } from '../each-database.ts'
import { windowOption } from '../guard.ts'
import { flag, text, type Input } from '../input.ts'
import type { Output } from '../output.ts'
import { secretFindings } from '../auditing/secret-findings.ts'
import { seedFindings } from '../auditing/seed-findings.ts'
import { shadowDirectory } from '../shadow-directory.ts'
import { noteReadOnly } from '../read-only.ts'
import { count } from '../ui/tables.ts'

/** Proves that a database is what its migrations make of it, and repairs it. */
export const auditCommand = defineCommand({
  name: 'audit',
  summary: 'Compare the database with what its migrations make, and look after its health',
  description:
    'The migrations are replayed on a throw-away database, once; after that only what has changed. Each finding names the object, the migration that provides it, a query to look at it, and what to do. --fix puts back what is missing without touching a row, counts rows before and after, and looks again. Exit status 3 when there is a finding as bad as --fail-on or worse.',
  examples: [
    ['metastore audit', 'say what is missing, different or unhealthy'],
    ['metastore audit --fix', 'put back what is missing, then audit again'],
    ['metastore audit --format html --out audit.html', 'a page to read and to mail'],
  ],
  scope: 'databases',
  formats: ['markdown', 'html'],
  options: [
    { flags: '--fix', description: 'repair what can be repaired without touching rows' },
    { flags: '--only <severity>', description: 'P0, P1 or P2: tell findings of this severity only' },
    { flags: '--fail-on <severity>', description: 'P0, P1 (default) or P2: what makes the exit status 3' },
    { flags: '--count-rows', description: 'count the rows of every table' },
    { flags: '--shadow <url>', description: 'a server to replay the migrations on, in a database of their own' },
    windowOption,
    { flags: '--out <file>', description: 'write the report to this file: Markdown, or HTML when it ends in .html' },
  ],
  json: 'databases[]: database, address, server, at, current, worst, findings[] (code, kind, severity, file, object, migration, message, remedy, query, repair[]), migrations[] (name, path, priority, state, appliedAt, provides[] (key, kind, state, changedBy[], query)), tables[] (schema, name, rows, bytes), checklist[] (title, run), rowCounts[] (schema, name, rows; null without --count-rows), repaired (done[], failed[], rows[]; null without --fix)',

  async run(input, context) {
    const form = reportForm(input)
    await refuseOneFileForMany(input, context)
    // A report on standard output is alone there.
    const say = form === 'lines' || text(input, 'out') !== undefined ? context.output.line : context.output.note
    const [only, worst] = [severity(input, 'only'), severity(input, 'failOn') ?? 'P1']
    return eachDatabase(context, async (entry) => {
      await entry.files()
      const reads = !flag(input, 'fix')
      await using engine = await entry.engine({ command: 'audit', reads, changes: 'in the window', backfills: false })
      await noteReadOnly(engine, context.output)
      const { files } = await entry.migrationsOn(engine)
      const first = await auditOf(engine, files, entry, input, context)
      const repaired =
        flag(input, 'fix') && first.repair.length > 0
          ? await repairDatabase(engine, first.repair, first.report.catalog)
          : null
      const { report: last } = repaired === null ? first : await auditOf(engine, files, entry, input, context)
      const report = withFailures(last, repaired)
      const rows = flag(input, 'countRows') ? await countRows(engine.session, report.catalog, engine.progress) : null
      const findings = report.findings.filter((finding) => only === undefined || finding.severity === only)
      for (const label of repaired?.done ?? []) say(`${context.output.paint.good('repaired')}  ${label}`)
      for (const { label, error } of repaired?.failed ?? []) {
        say(`${context.output.paint.bad('failed')}  ${label}: ${error.message}`)
      }
      await show(context.output, { ...report, findings }, form, input, context)
      for (const { schema, name, rows: number } of rows ?? []) say(`${schema}.${name}  ${count(number, 'row')}`)
      const { catalog: _, ...document } = report
      return {
        document: {
          ...document,
          findings,
          rowCounts: rows,
          repaired:
            repaired === null
              ? null
              : { ...repaired, failed: repaired.failed.map(({ label, error }) => ({ label, message: error.message })) },
        },
        clean: report.findings.every((finding) => finding.severity > worst),
      }
    })
  },
})

// What could not be put back a moment ago cannot be by trying again.
function withFailures(report: AuditReport, repaired: RepairResult | null): AuditReport {
  const failed = new Map(repaired?.failed.map(({ object, error }) => [object, error]))
  const findings = report.findings.map((finding) => {
    const error = failed.get(finding.objectKey ?? '')
    return error === undefined
      ? finding
      : { ...finding, remedy: `metastore audit --fix could not put it back: ${error.message} ${error.remedy}` }
  })
  return { ...report, findings }
}

/** Audits one database; `setup` does the same. Throws `not_supported`. */
export async function auditOf(
  engine: Engine,
  files: readonly MigrationFile[],
  entry: DatabaseEntry,
  input: Input,
  context: Context,
): Promise<Audit> {
  if (engine.database.dialect !== 'postgres') {
    throw new MetastoreError({
      code: 'not_supported',
      message: 'Only a PostgreSQL database can be audited.',
      where: entry.address(),
      remedy:
        'For SQLite, metastore check runs the migrations on an empty database, and metastore status compares the history.',
    })
  }
  const { directory } = await context.project()
  const { settings } = entry
  const result = await audit(engine, files, {
    database: settings.name,
    cacheDirectory: shadowDirectory(directory, settings.name),
    stateSchema: settings.stateSchema,
    tenantColumn: settings.tenantColumn,
    shadowServer: text(input, 'shadow'),
    others: [...(await seedFindings(engine, entry, input, context)), ...(await secretFindings(engine, entry, context))],
    signal: context.signal,
  })
  // One that is not there yet is looked at in memory, and is not called that.
  return { ...result, report: { ...result.report, address: entry.address() } }
}

/** What the report is written in; `lines` are for a terminal. */
type ReportForm = 'lines' | 'markdown' | 'html'

const formOfEnding: Readonly<Record<string, ReportForm>> = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.markdown': 'markdown',
}

// Before anything is looked at: an audit takes its time.
function reportForm(input: Input): ReportForm {
  const [format, file] = [text(input, 'format'), text(input, 'out')]
  if (format === 'markdown' || format === 'html') return format
  if (file === undefined) return 'lines'
  const ending = path.extname(file).toLowerCase()
  if (ending !== '.json') return formOfEnding[ending] ?? 'markdown'
  throw new MetastoreError({
    code: 'usage',
    message: `--out ${file}: the report is written as Markdown or HTML.`,
    remedy: `For JSON use metastore audit --json > ${file}.`,
  })
}

async function show(
  output: Output,
  report: AuditReport,
  form: ReportForm,
  input: Input,
  context: Context,
): Promise<void> {
  if (form === 'lines') {
    renderAudit(output, report)
    return
  }
  const shown = redactData(context.secrets, report)
  const rendered = form === 'html' ? await renderHtml(shown) : renderMarkdown(shown)
  const file = text(input, 'out')
  if (file === undefined) {
    output.line(rendered.trimEnd())
    return
  }
  await writeReport(path.resolve(context.workingDirectory, file), rendered)
  output.line(`Written to ${file}.`)
}

async function writeReport(file: string, rendered: string): Promise<void> {
  try {
    await writeFile(file, rendered)
  } catch (cause) {
    throw new MetastoreError({
      code: 'file_unwritable',
      message: `The report cannot be written: ${(cause as Error).message}.`,
      where: file,
      remedy:
        'Name another file with --out, or make sure that its directory is there and that this user may write in it.',
      cause,
    })
  }
}

async function refuseOneFileForMany(input: Input, context: Context): Promise<void> {
  const file = text(input, 'out')
  if (file === undefined) return
  const names = (await context.databases()).map(({ settings }) => settings.name)
  if (names.length < 2) return
  throw new MetastoreError({
    code: 'usage',
    message: `--out ${file} takes the report of one database, but the command is for ${names.length}.`,
    remedy: `Name the one that is meant, with --database NAME: ${names.map((name) => JSON.stringify(name)).join(', ')}.`,
  })
}

/** Says what an audit has found. */
export function renderAudit({ line, paint }: Output, { address, findings, migrations, checklist }: AuditReport): void {
  for (const finding of findings) renderFinding(line, paint, finding)
  if (checklist.length > 0) line('To do:')
  for (const [index, { title, run }] of checklist.entries())
    line(`  ${index + 1}. ${title}${run === null ? '' : `: ${run}`}`)
  const objects = migrations.reduce((sum, { provides }) => sum + provides.length, 0)
  line(
    `${address}: ${count(migrations.length, 'migration')}, ${count(objects, 'object')}, ${count(findings.length, 'finding')}.`,
  )
}

function renderFinding(line: Output['line'], paint: Output['paint'], finding: AuditFinding): void {
  const { severity: how, message, migration, code, remedy, query, repair } = finding
  const colour = how === 'P0' ? paint.bad : how === 'P1' ? paint.warn : paint.faint
  line(`${colour(how)} ${message} ${paint.faint(`[${code}${migration === null ? '' : `, ${migration}`}]`)}`)
  line(`   ${remedy}`)
  if (query !== null) line(`   look  ${query.replaceAll(/\s+/g, ' ')}`)
  // What is about the health of a database is for a person to run: --fix leaves it alone.
  const word = finding.kind === 'health' ? 'run' : 'fix'
  for (const statement of repair) line(`   ${word}   ${statement.replaceAll(/\s+/g, ' ')}`)
}

function severity(input: Input, option: string): Severity | undefined {
  const given = text(input, option)
  if (given === undefined || given === 'P0' || given === 'P1' || given === 'P2') return given
  throw new MetastoreError({
    code: 'usage',
    message: `--${option === 'failOn' ? 'fail-on' : option} cannot be ${JSON.stringify(given)}.`,
    remedy: 'Use P0, P1 or P2.',
  })
}

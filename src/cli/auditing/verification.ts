import type { DatabaseAnswer } from '../each-database.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { text, type Input } from '../input.ts'
import { auditOf, renderAudit } from '../commands/audit.ts'
import { seedOptions, seedSelection } from '../seeding/seed-options.ts'
import { renderExpectations } from '../ui/seeds.ts'
import type { ReplayAhead } from './replay-ahead.ts'
import { count } from '../ui/tables.ts'

/** Looks whether what the seeds of a database expect is so, and audits it, unless it is SQLite or `--no-audit` was given. */
export async function verifyDatabase(
  entry: DatabaseEntry,
  input: Input,
  context: Context,
  { wereShown, ahead }: { readonly wereShown: boolean; readonly ahead: ReplayAhead | undefined },
): Promise<DatabaseAnswer> {
  const { output } = context
  const { expectationFailure, verifySeeds } = await import('../../seeds/seeds.ts')
  const selection = await seedSelection(entry, context, { set: text(input, 'set') })
  const environment = text(input, 'environment') ?? entry.settings.environment
  await using engine = await entry.engine({ command: 'setup', reads: true })
  const options = await seedOptions(engine, entry, context, { ...selection, environment, force: false })
  const expectations = await verifySeeds(options)
  if (!wereShown) renderExpectations({ ...output, line: output.say }, expectations)
  const unmet = expectations.filter(({ ok }) => !ok)
  if (unmet.length > 0) return { document: { expectations }, failure: expectationFailure(options.set, unmet) }
  output.say(
    `Verified ${entry.address()}: ${expectations.length === 0 ? 'its seeds expect nothing' : `${count(expectations.length, 'expectation')} met`}.`,
  )
  if (!auditFollows(input) || engine.database.dialect !== 'postgres') {
    return { document: { expectations, findings: null } }
  }
  await ahead?.done(output.progress)
  const { files } = await entry.migrationsOn(engine)
  const { report } = await auditOf(engine, files, entry, input, context)
  renderAudit({ ...output, line: output.say }, report)
  return {
    document: { expectations, findings: report.findings },
    clean: report.findings.every(({ severity }) => severity > 'P1'),
  }
}

/** Whether an audit is a part of it. */
export function auditFollows(input: Input): boolean {
  return input.options['audit'] !== false
}

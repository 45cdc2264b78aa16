import type { Assessment, MigrationEvidence } from '../../adopt/adopt.ts'
import { MetastoreError } from '../../errors.ts'
import { resolveName, type Engine } from '../../migrations/migrations.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import type { DatabaseAnswer } from '../each-database.ts'
import { flag, list, text, type Input } from '../input.ts'
import type { Output } from '../output.ts'
import { shadowDirectory } from '../shadow-directory.ts'
import { count, table } from '../ui/tables.ts'

interface Decisions {
  readonly applied: readonly string[]
  readonly notApplied: readonly string[]
}

/** Adopts a database that has no history, by what its schema proves. */
export async function adoptByObjects(
  engine: Engine,
  entry: DatabaseEntry,
  input: Input,
  context: Context,
): Promise<DatabaseAnswer> {
  refuseSqlite(engine, entry)
  const { output } = context
  const files = await entry.files()
  const { directory } = await context.project()
  const { settings } = entry
  const options = {
    cacheDirectory: shadowDirectory(directory, settings.name),
    stateSchema: settings.stateSchema,
    shadowServer: text(input, 'shadow'),
    signal: context.signal,
    base: settings.schema,
    exposeViews: settings.exposeViews,
  }
  const given = decisionsOf(
    input,
    files.map(({ name }) => name),
  )
  const { assess, recordDecision, settle, standingIfAdopted } = await import('../../adopt/by-objects.ts')
  const assessment = await assess(engine, files, options)
  const document = { address: entry.address(), from: 'objects', evidence: assessment.evidence }
  const standing = await standingIfAdopted(engine, files, assessment)
  if (standing !== undefined) {
    output.say(`${entry.address()} is managed: it is at ${standing.current}.`)
    return { document: { ...document, adopted: [], late: [], ...standing } }
  }
  render(output, assessment)
  try {
    const decisions = await ask(assessment, given, input, context)
    const decision = await settle(engine, files, assessment, decisions, options)
    if (decision.late.length > 0) sayLate(output, decision.late)
    const question = `Record ${count(decision.record.length, 'migration')} as applied?`
    const guarded = settings.environment === 'production'
    const isWanted =
      !flag(input, 'dryRun') && decision.record.length > 0 && (await context.confirm(question, { guarded }))
    const result = await recordDecision(
      engine,
      files,
      { decision: isWanted ? decision : { ...decision, record: [] }, decisions },
      options,
    )
    sayResult(output, entry, {
      decided: decision.record.length,
      adopted: result.adopted.length,
      current: result.current,
    })
    return { document: { ...document, late: decision.late, ...result } }
  } catch (failure) {
    // What was found out stands in the document all the same.
    if (failure instanceof MetastoreError) return { document, failure }
    throw failure
  }
}

const words: Readonly<Record<MigrationEvidence['verdict'], string>> = {
  in_effect: 'in effect',
  partly: 'partly',
  not_in_effect: 'not in effect',
  unverifiable: 'not visible',
}

function render({ line, paint }: Output, { evidence }: Assessment): void {
  const colours = { in_effect: paint.good, partly: paint.bad, not_in_effect: paint.faint, unverifiable: paint.warn }
  const rows = evidence.map(({ name, verdict, there, missing, different, reason }) => [
    `  ${colours[verdict](words[verdict])}`,
    name,
    reason ?? `${there.length} of ${count(there.length + missing.length + different.length, 'object')}`,
  ])
  for (const row of table(rows)) line(row)
}

// A person at a terminal can say what the schema does not show.
async function ask(
  { evidence }: Assessment,
  given: Decisions,
  input: Input,
  { interactive, output, ask: question }: Context,
): Promise<Decisions> {
  const { decide } = await import('../../adopt/by-objects.ts')
  const { undecided, partly } = decide(evidence, given)
  if (!interactive || output.options.json || flag(input, 'yes') || flag(input, 'dryRun') || partly.length > 0)
    return given
  const [applied, notApplied] = [[...given.applied], [...given.notApplied]]
  for (const { name, reason } of undecided) {
    const yes = await question(`Was ${name} applied? The schema does not show it: ${reason}.`)
    if (yes) applied.push(name)
    else notApplied.push(name)
  }
  return { applied, notApplied }
}

function decisionsOf(input: Input, names: readonly string[]): Decisions {
  const resolved = (option: string) => list(input, option).map((reference) => resolveName(reference, names))
  const [applied, notApplied] = [resolved('applied'), resolved('notApplied')]
  const both = applied.find((name) => notApplied.includes(name))
  if (both === undefined) return { applied, notApplied }
  throw new MetastoreError({
    code: 'usage',
    message: `${both} cannot be both applied and not applied.`,
    where: '--not-applied',
    remedy: 'Name it once.',
  })
}

function sayLate({ say }: Output, late: readonly string[]): void {
  const allowed = late.map((name) => `--allow-out-of-order ${name}`).join(' ')
  say(
    `Not in effect, although later ones are: ${late.join(', ')}. Applied late it comes to the same: metastore migrate ${allowed}.`,
  )
}

function sayResult(
  { say, paint }: Output,
  entry: DatabaseEntry,
  { decided, adopted, current }: { decided: number; adopted: number; current: string | null },
): void {
  if (decided === 0) say(`No migration is in effect in ${entry.address()}. Nothing was changed.`)
  else if (adopted === 0) say('Nothing was changed.')
  else {
    say(`  ${paint.good('recorded')}  ${count(adopted, 'migration')}`)
    say(`${entry.address()} is managed: it is at ${current ?? ''}.`)
  }
}

function refuseSqlite({ database }: Engine, entry: DatabaseEntry): void {
  if (database.dialect === 'postgres') return
  throw new MetastoreError({
    code: 'not_supported',
    message: 'Only a PostgreSQL database can be adopted by its objects.',
    where: entry.address(),
    remedy: 'For SQLite, say how far it is: metastore baseline NAME.',
  })
}

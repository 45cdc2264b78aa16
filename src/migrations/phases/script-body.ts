import type { Transaction } from '../../database/database.ts'
import { compilePart } from '../compile.ts'
import { readSections } from '../formats/section.ts'
import type { SqlPart } from '../migration.ts'
import type { ScriptBody } from '../batch/phase-step.ts'
import { runOutside } from '../run-outside.ts'
import { runSql } from '../run-sql.ts'
import type { OutsideStep, SqlRange, Step } from '../step.ts'
import { inPhaseTransaction, settings } from './phase-transaction.ts'
import type { BodyRun } from './body-run.ts'

/** What is noted of a script whose statements do not all run in one transaction. */
interface ScriptProgress {
  /** Keys of the statements that are done. */
  readonly done: readonly string[]
  /** The one that was begun outside a transaction, and whose end nobody has noted. */
  readonly begun: string | null
}

/** Runs SQL that an author wrote: in one transaction, or statement by statement where it says no-transaction. */
export async function runScriptBody(script: ScriptBody, body: BodyRun): Promise<void> {
  const { sql: range } = script
  const { run, batch } = body.work
  const { transaction } = readSections(range.text, 'postgres', range.path).up
  if (!transaction) return runStatements({ kind: 'sql', ...range, transaction }, script, body)
  return inPhaseTransaction(run, batch.base, { locks: [], work: aroundViews(script, range, body), last: body.last })
}

// What the views of the version keep from being changed is changed without them; they are made anew with what there is then.
function aroundViews(
  { versionSchema }: ScriptBody,
  range: SqlRange,
  { work: { run, batch } }: BodyRun,
): (tx: Transaction) => Promise<void> {
  return async (tx) => {
    const work = () => runSql(tx, range, 'postgres')
    if (versionSchema === undefined) return work()
    const { aroundFile } = await import('../versions/around-file.ts')
    return aroundFile(tx, { versionSchema, base: batch.base, serverMajor: run.database.server.major }, work)
  }
}

async function runStatements(part: SqlPart, script: ScriptBody, body: BodyRun): Promise<void> {
  const { run, batch } = body.work
  const { steps } = await compilePart(part, 'postgres')
  await run.session.script(
    settings(batch.base)
      .map((setting) => setting.inline('postgres').replace('set local', 'set'))
      .join(';'),
  )
  let progress = (body.note?.progress ?? { done: [], begun: null }) as ScriptProgress
  for (const step of steps) {
    if (step.kind === 'setting') await runSql(run.session, step.sql, 'postgres')
    else if (!progress.done.includes(step.key)) progress = await runStatement(step, script, progress, body)
  }
  await inPhaseTransaction(run, batch.base, { locks: [], last: body.last })
}

async function runStatement(
  step: Step,
  script: ScriptBody,
  before: ScriptProgress,
  body: BodyRun,
): Promise<ScriptProgress> {
  const { run, batch } = body.work
  const after: ScriptProgress = { done: [...before.done, step.key], begun: null }
  const note = (progress: ScriptProgress) => body.noting({ status: 'intent', progress })
  switch (step.kind) {
    case 'transaction':
      await inPhaseTransaction(run, batch.base, {
        locks: [],
        work: aroundViews(script, step.sql, body),
        last: () => [note(after)],
      })
      return after
    case 'outside':
      await run.session.query(note({ ...before, begun: step.key }))
      await runOutsideStep(step, before, body)
      await run.session.query(note(after))
      return after
    case 'code':
    case 'setting':
      throw new RangeError(`Step ${step.label} cannot be part of a script.`)
  }
}

async function runOutsideStep(step: OutsideStep, before: ScriptProgress, body: BodyRun): Promise<void> {
  await runOutside(body.work.run, step, {
    migration: body.migration ?? body.work.batch.target,
    interruptedBefore: before.begun === step.key,
    forget: body.noting({ status: 'intent', progress: before }),
  })
}

import type { StepBody } from '../batch/phase-step.ts'
import { runBackfillBody } from './backfill-body.ts'
import { buildIndex } from './build-index.ts'
import { dropIndex } from './drop-index.ts'
import { inPhaseTransaction } from './phase-transaction.ts'
import type { BodyRun } from './body-run.ts'
import { requireSettled } from './require-settled.ts'
import { reintrospect } from './reintrospect.ts'
import { runScriptBody } from './script-body.ts'

/** Does what a body says, once or again after an interruption. */
export async function runBody(body: StepBody, run: BodyRun): Promise<void> {
  const { work, last } = run
  const { base } = work.batch
  switch (body.kind) {
    case 'transaction':
      return inPhaseTransaction(work.run, base, { locks: body.locks, statements: body.statements, last })
    case 'script':
      return runScriptBody(body, run)
    case 'build_index':
      return buildIndex(body, run)
    case 'drop_index':
      return dropIndex(body, run)
    case 'backfill':
      return runBackfillBody(body, run)
    case 'require_settled':
      return requireSettled(body, run)
    case 'reintrospect':
      return reintrospect(run)
    case 'refresh_views': {
      const { refreshViews } = await import('../versions/refresh.ts')
      const serverMajor = work.run.database.server.major
      const views = { versionSchema: body.versionSchema, base, serverMajor }
      return inPhaseTransaction(work.run, base, { locks: [], work: (tx) => refreshViews(tx, views), last })
    }
  }
}

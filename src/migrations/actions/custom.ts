import type { Custom, SqlText } from './action.ts'
import type { ScriptBody } from '../batch/phase-step.ts'
import { placeOf, stepOf, transaction, type ActionContext } from './context.ts'

/** Scripts of the author's own, each in its phase; what they do is only known when they have run. */
export function compileCustom(action: Custom, context: ActionContext): void {
  const { draft } = context
  const undo = isBlank(action.abort) ? [] : [script(context, 'abort', action.abort)]
  if (!isBlank(action.start)) {
    draft.expand.push(stepOf(context, 'start', 'run custom start', script(context, 'start', action.start), undo))
  } else if (undo.length > 0) {
    draft.expand.push(stepOf(context, 'start', 'note custom abort', transaction([]), undo))
  }
  const { complete } = action
  if (isBlank(complete)) return
  draft.finish.push(() => [
    stepOf(context, 'complete', 'run custom complete', {
      ...script(context, 'complete', complete),
      versionSchema: draft.newSchema,
    }),
    stepOf(context, 'views', 'show what custom complete made', {
      kind: 'refresh_views',
      versionSchema: draft.newSchema,
    }),
  ])
}

/** Whether an action runs SQL at the start whose effect nobody can foresee. */
export function isOpaque(action: { readonly type: string; readonly start?: SqlText | undefined }): boolean {
  return action.type === 'custom' && !isBlank(action.start)
}

function script(context: ActionContext, key: 'start' | 'complete' | 'abort', text: SqlText): ScriptBody {
  const { path, source, offset } = placeOf(context, [key])
  return { kind: 'script', sql: { text, offset, source, path: path ?? '' } }
}

function isBlank(text: SqlText | undefined): text is undefined {
  return text === undefined || text.trim() === ''
}

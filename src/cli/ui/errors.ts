import { MetastoreError } from '../../errors.ts'
import type { Palette } from './colour.ts'

/** A failure as people read it: what happened, where, what the server said, and what to do next. */
export function renderError(error: unknown, paint: Palette, verbose: boolean): string[] {
  if (!(error instanceof MetastoreError)) return renderBug(error, paint)
  return [
    `${paint.bad('error')} ${paint.faint(`[${error.code}]`)} ${error.message}`,
    ...(error.where === undefined ? [] : [`  ${paint.faint('at')} ${error.where}`]),
    ...error.details.map((line) => `  ${line}`),
    `  ${paint.strong('next:')} ${error.remedy}`,
    ...(verbose ? stackLines(error, paint) : []),
  ]
}

function renderBug(error: unknown, paint: Palette): string[] {
  const message = error instanceof Error ? error.message : String(error)
  return [
    `${paint.bad('error')} ${paint.faint('[bug]')} ${message}`,
    '  This is a defect of metastore, not of your project. Please report it with the lines below.',
    ...(error instanceof Error ? stackLines(error, paint) : []),
  ]
}

function stackLines(error: Error, paint: Palette): string[] {
  const own = (error.stack ?? '').split('\n').slice(1)
  const cause = error.cause instanceof Error ? ['  caused by:', ...(error.cause.stack ?? '').split('\n')] : []
  return [...own, ...cause].map((line) => paint.faint(line))
}

import type { ExpectationResult, FileResult, SeedResult } from '../../seeds/seeds.ts'
import type { Output } from '../output.ts'
import { count, duration } from './tables.ts'

/** One file of a run: what became of it, and of each table. */
export function renderFile({ say, paint }: Output, { file, state, steps, statements, durationMs }: FileResult): void {
  if (state === 'unchanged') return say(`  ${paint.faint('unchanged')} ${file}`)
  if (state === 'skipped')
    return say(`  ${paint.faint('skipped')}   ${file}  ${paint.faint('for another environment')}`)
  say(`  ${paint.good('applied')}   ${file}  ${paint.faint(duration(durationMs))}`)
  for (const step of steps) say(`            ${step.table}: ${counts(step)}${columnsOf(step)}`)
  for (const { text, rows } of statements) say(`            ${firstLine(text)}: ${count(rows, 'row')}`)
}

/** What a run would do, row by row. */
export function renderPlan({ line, paint }: Output, { files }: SeedResult): void {
  for (const { file, state, steps, statements } of files) {
    if (state !== 'pending')
      line(`${paint.strong(file)}  ${paint.faint(state === 'skipped' ? 'for another environment' : 'unchanged')}`)
    else line(paint.strong(file))
    for (const step of steps) {
      line(`  ${step.table}: ${counts(step)}`)
      for (const { change, key, columns } of step.rows) {
        const mark = { insert: paint.good('+'), update: paint.warn('~'), remove: paint.bad('-') }[change]
        line(`    ${mark} ${key}${columns.length === 0 ? '' : `  ${columns.join(', ')}`}`)
      }
      const hidden = step.inserted + step.updated + step.removed - step.rows.length
      if (hidden > 0) line(paint.faint(`    and ${count(hidden, 'more row')}`))
    }
    for (const { text } of statements) line(`  runs ${firstLine(text)}`)
  }
  if (files.every(({ state }) => state !== 'pending')) line('Nothing to seed.')
}

/** What was expected, and what was found where that is not the same. */
export function renderExpectations({ line, paint }: Output, expectations: readonly ExpectationResult[]): void {
  for (const { name, ok, expected, found } of expectations) {
    if (ok) line(`  ${paint.good('as expected')} ${name}: ${expected}`)
    else line(`  ${paint.bad('not as expected')} ${name}: expected ${expected}, found ${found}`)
  }
}

function counts({ inserted, updated, unchanged, removed }: FileResult['counts']): string {
  const parts = [
    [inserted, 'inserted'],
    [updated, 'updated'],
    [removed, 'removed'],
    [unchanged, 'unchanged'],
  ] as const
  const shown = parts.filter(([number]) => number > 0).map(([number, name]) => `${number} ${name}`)
  return shown.length === 0 ? 'no rows' : shown.join(', ')
}

function columnsOf({ rows }: FileResult['steps'][number]): string {
  const columns = [...new Set(rows.flatMap((row) => row.columns))]
  return columns.length === 0 ? '' : ` (${columns.join(', ')})`
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? ''
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}

import { MetastoreError } from '../errors.ts'
import type { BatchOptions, PhaseOptions } from '../migrations/migrations.ts'
import type { OptionDefinition } from './command.ts'
import type { Context, DatabaseEntry } from './context.ts'
import { holdsOf, maxLagOption } from './guard.ts'
import { flag, text, type Input } from './input.ts'

/** The options that decide which steps a batch has. */
export const stepOptions: readonly OptionDefinition[] = [
  { flags: '--allow-rewrite', description: 'let a table be rewritten under an exclusive lock, however large it is' },
  {
    flags: '--serialize-upserts',
    description: 'make concurrent upserts on a unique column that is being altered wait for each other',
  },
]

/** The options of commands that start a batch. */
export const batchOptions: readonly OptionDefinition[] = [
  { flags: '--batch-size <rows>', description: 'rows of one batch of a backfill, about (default: 1000)' },
  { flags: '--batch-delay <ms>', description: 'milliseconds between two batches of a backfill (default: 0)' },
  { flags: '--throttle <share>', description: 'the share of time that a backfill waits, from 0 to 0.99 (default: 0)' },
  maxLagOption,
  ...stepOptions,
]

/** What a command line and the settings of a database say about a phase. Throws `usage`. */
export function phaseOptions({ settings }: DatabaseEntry, input: Input, { output }: Context): PhaseOptions {
  const size = number(input, 'batchSize', '--batch-size', wholeFrom(1))
  const delay = number(input, 'batchDelay', '--batch-delay', wholeFrom(0))
  const throttle = number(input, 'throttle', '--throttle', { least: 0, most: 0.99, form: /^\d*\.?\d+$/ })
  const holds = holdsOf(settings, input)
  const batch: Partial<BatchOptions> = {
    ...(flag(input, 'allowRewrite') && { allowRewrite: true }),
    ...(flag(input, 'serializeUpserts') && { serializeUpserts: true }),
    ...(settings.unknownKeys === 'warn' && { lenient: true }),
    exposeViews: settings.exposeViews,
  }
  return {
    base: settings.schema,
    batch,
    backfill: {
      ...(size !== undefined && { batchSize: size }),
      ...(delay !== undefined && { batchDelay: delay }),
      ...(throttle !== undefined && { throttle }),
      ...(holds.length > 0 && { holds }),
    },
    onStep: ({ label, migration }) => {
      output.say(
        `  ${output.paint.good('done')} ${label}${migration === null ? '' : `  ${output.paint.faint(migration)}`}`,
      )
    },
  }
}

interface Range {
  readonly least: number
  readonly most: number
  readonly form: RegExp
}

function wholeFrom(least: number): Range {
  return { least, most: 1_000_000, form: /^\d{1,7}$/ }
}

function number(input: Input, option: string, name: string, { least, most, form }: Range): number | undefined {
  const given = text(input, option)
  if (given === undefined) return undefined
  const value = form.test(given) ? Number(given) : Number.NaN
  if (value >= least && value <= most) return value
  throw new MetastoreError({
    code: 'usage',
    message: `${name} must be a number from ${least} to ${most}, not ${JSON.stringify(given)}.`,
    where: name,
    remedy: `Give a number from ${least} to ${most}.`,
  })
}

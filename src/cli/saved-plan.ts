import path from 'node:path'
import { MetastoreError } from '../errors.ts'
import type { Engine, MigrationFile, StartOptions } from '../migrations/migrations.ts'
import type { OptionDefinition } from './command.ts'
import type { Context } from './context.ts'
import { text, type Input } from './input.ts'

/** The option of commands that apply a saved plan. */
export const planOption: OptionDefinition = {
  flags: '--plan <file>',
  description: 'apply what metastore plan --out has saved, and refuse when it would do anything else now',
}

/** How a saved plan is applied: its own options, and what asks whether it still fits. */
export interface SavedPlan extends Required<Pick<StartOptions, 'to' | 'allow' | 'base' | 'batch'>> {
  approve(engine: Engine, files: readonly MigrationFile[], address: string): NonNullable<StartOptions['approve']>
}

/** The plan that the command line names, read; undefined for none. `given` is a destination that may not be there beside it. */
export async function savedPlan(
  input: Input,
  context: Context,
  given: string | undefined,
): Promise<SavedPlan | undefined> {
  const shown = text(input, 'plan')
  if (shown === undefined) return undefined
  if (given !== undefined) throw twoDestinations()
  // A plan is for one database, so it must be clear which one is meant.
  await context.oneDatabase()
  const { assertApproved, optionsOfPlan, readPlanFile } = await import('../migrations/plan-files.ts')
  const plan = await readPlanFile(path.resolve(context.workingDirectory, shown), shown)
  return {
    ...optionsOfPlan(plan),
    approve: (engine, files, address) => (position) =>
      assertApproved(engine, files, position, { plan, path: shown, address }),
  }
}

function twoDestinations(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'A saved plan says how far it goes, so there can be no destination beside it.',
    where: '--plan',
    remedy: 'Leave the destination out, or make another plan.',
  })
}

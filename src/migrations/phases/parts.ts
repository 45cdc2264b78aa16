import type { Migration } from '../migration.ts'
import { runsWhole, type WholeMigration } from '../run.ts'

/** What is started and completed as one: a batch of actions, or a file that runs on its own. */
export type RunPart =
  | { readonly kind: 'batch'; readonly migrations: readonly Migration[] }
  | { readonly kind: 'whole'; readonly migration: WholeMigration }

/** Cuts migrations into parts: those of actions that follow each other are one, or one each where that is asked for. Pure. */
export function partsOfRun(migrations: readonly Migration[], oneByOne = false): RunPart[] {
  const parts: RunPart[] = []
  for (const migration of migrations) {
    const before = parts.at(-1)
    if (runsWhole(migration)) parts.push({ kind: 'whole', migration })
    else if (before?.kind === 'batch' && !oneByOne) {
      parts[parts.length - 1] = { kind: 'batch', migrations: [...before.migrations, migration] }
    } else parts.push({ kind: 'batch', migrations: [migration] })
  }
  return parts
}

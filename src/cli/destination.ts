import { parseDestination, resolveName, type Allowances, type Destination } from '../migrations/migrations.ts'
import { type OptionDefinition } from './command.ts'
import { flag, list, type Input } from './input.ts'

/** The option for an older version of the application on a database that a newer one has migrated. */
export const aheadOption: OptionDefinition = {
  flags: '--allow-ahead',
  description: 'a newer version of the application may have migrated further, as during a rolling update',
}

/** The options that let a run go on where files and history disagree. */
export const allowanceOptions: readonly OptionDefinition[] = [
  {
    flags: '--allow-changed <name>',
    description: 'accept the file of an applied migration as it is now',
    repeats: true,
  },
  {
    flags: '--allow-missing <name>',
    description: 'go on although the file of an applied migration is gone',
    repeats: true,
  },
  aheadOption,
  {
    flags: '--allow-out-of-order <name>',
    description: 'apply a migration that sorts before applied ones',
    repeats: true,
  },
]

/** The option for statements that were cut off outside a transaction. */
export const interruptedOption: OptionDefinition = {
  flags: '--interrupted <policy>',
  description: 'a statement that was cut off outside a transaction: rerun it, or skip it because it has happened',
}

/** A destination as a person writes it, among these migrations. */
export function destination(text: string, known: readonly { readonly name: string }[]): Destination {
  return parseDestination(
    text,
    known.map(({ name }) => name),
  )
}

/**
 * A bare number as a rollback takes it: how many migrations to take back. Elsewhere it would name one, and so it does here
 * when no count is written like that: `002`, `20260101`.
 */
export function countAsSteps(given: string): string {
  return /^[1-9]\d{0,3}$/.test(given) ? `-${given}` : given
}

/** The names that files or history know, each once: a migration whose file is gone can still be named. */
export function uniteNames(...lists: readonly (readonly { readonly name: string }[])[]): { readonly name: string }[] {
  return [...new Set(lists.flat().map(({ name }) => name))].map((name) => ({ name }))
}

/** What a command line allows; names may be shortened as anywhere else. A missing file has no name to complete. */
export function allowances(input: Input, files: readonly { readonly name: string }[]): Allowances {
  const names = files.map(({ name }) => name)
  return {
    changed: list(input, 'allowChanged').map((reference) => resolveName(reference, names)),
    missing: list(input, 'allowMissing'),
    ahead: flag(input, 'allowAhead'),
    outOfOrder: list(input, 'allowOutOfOrder').map((reference) => resolveName(reference, names)),
  }
}

import { MetastoreError } from '../errors.ts'
import type { ReplayedFile } from '../shadow/shadow.ts'
import type { Decision } from './decide.ts'
import type { MigrationEvidence } from './evidence.ts'

/** Some of a migration is there and some is not: what to do about it is for a person. */
export function partlyInEffect(
  address: string,
  partly: readonly MigrationEvidence[],
  completion: ReadonlyMap<string, readonly string[]>,
): MetastoreError {
  const names = partly.map(({ name }) => name)
  return new MetastoreError({
    code: 'adoption_partly',
    message: `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} only partly in effect. Nothing was changed.`,
    where: address,
    remedy:
      'Make the rest by hand, with the statements above where there are any, and adopt again; or say what it counts as: --applied NAME (metastore audit then tells what is missing) or --not-applied NAME.',
    details: partly.flatMap((one) => [
      ...stateOf(one),
      ...(completion.get(one.name) ?? []).map((sql) => `  ${sql.replaceAll(/\s+/g, ' ')}`),
    ]),
  })
}

function stateOf({ name, there, missing, different }: MigrationEvidence): string[] {
  return [
    `${name}: ${there.length} of ${there.length + missing.length + different.length} objects are as it makes them.`,
    ...missing.map((key) => `  missing: ${key}`),
    ...different.map((key) => `  different: ${key}`),
  ]
}

/** Nothing in the schema shows whether a migration was applied, and it matters. */
export function undecidable(address: string, undecided: readonly MigrationEvidence[]): MetastoreError {
  const names = undecided.map(({ name }) => name)
  return new MetastoreError({
    code: 'adoption_undecided',
    message: `The schema does not show whether ${names.join(', ')} ${names.length === 1 ? 'was' : 'were'} applied. Nothing was changed.`,
    where: address,
    remedy: 'Look at the rows, and say it for each: --applied NAME or --not-applied NAME.',
    details: undecided.map(({ name, reason }) => `${name}: ${reason}.`),
  })
}

/** A migration is not in effect, and one after it is that would not have worked, or not have come to the same, before it. */
export function orderMatters(
  address: string,
  { late, record }: Decision,
  failing: ReplayedFile | undefined,
): MetastoreError {
  const why =
    failing === undefined
      ? 'applied late, they make another schema'
      : `applied in that order, ${failing.name} fails${failing.problem === null ? '' : `: ${failing.problem.message.replace(/\.$/, '')}`}`
  return new MetastoreError({
    code: 'adoption_out_of_order',
    message: `${late.join(', ')} ${late.length === 1 ? 'is' : 'are'} not in effect and come${late.length === 1 ? 's' : ''} before ${record.at(-1) ?? ''}, which is; ${why}. Nothing was changed.`,
    where: address,
    remedy: `Make by hand what is missing, and adopt again; or say that a migration counts as applied, with --applied NAME.`,
  })
}

/** Between the look and the record somebody has changed the database. */
export function changedMeanwhile(address: string): MetastoreError {
  return new MetastoreError({
    code: 'adoption_mismatch',
    message: 'The database has changed since it was looked at. Nothing was recorded.',
    where: address,
    remedy: 'Run the same command again.',
  })
}

import type { MigrationEvidence } from './evidence.ts'

/** What somebody knows that the schema does not show. */
export interface Decisions {
  /** Migrations that count as applied whatever is there. */
  readonly applied?: readonly string[]
  /** Migrations that count as not applied whatever is there. */
  readonly notApplied?: readonly string[]
}

/** What is to be recorded, and what stands in the way. */
export interface Decision {
  /** Names, in the order of the files. */
  readonly record: readonly string[]
  /** Those that are partly in effect, and nobody has decided what they count as. */
  readonly partly: readonly MigrationEvidence[]
  /** Those of which nothing can be seen, and nobody has decided. */
  readonly undecided: readonly MigrationEvidence[]
  /** Those that are not to be recorded, and come before one that is. */
  readonly late: readonly string[]
}

/** What follows from the evidence and from what somebody knows besides. Pure. */
export function decide(evidence: readonly MigrationEvidence[], { applied = [], notApplied = [] }: Decisions): Decision {
  const counts = ({ name, verdict }: MigrationEvidence): boolean | undefined => {
    if (applied.includes(name)) return true
    if (notApplied.includes(name) || verdict === 'not_in_effect') return false
    return verdict === 'in_effect' ? true : undefined
  }
  const last = evidence.findLastIndex((one) => counts(one) === true)
  const partly = evidence.filter((one) => one.verdict === 'partly' && counts(one) === undefined)
  // Right behind what is in effect nobody knows either; behind one that is not in effect it has not been run.
  const gap = evidence.findIndex((one, index) => index > last && counts(one) === false)
  const end = last === -1 && partly.length === 0 ? 0 : gap === -1 ? evidence.length : gap
  const record = evidence.filter((one) => counts(one) === true).map(({ name }) => name)
  return {
    record,
    partly,
    undecided: evidence.slice(0, end).filter((one) => one.verdict === 'unverifiable' && counts(one) === undefined),
    late: evidence
      .slice(0, Math.max(last, 0))
      .filter((one) => counts(one) === false)
      .map(({ name }) => name),
  }
}

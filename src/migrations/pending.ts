import { MetastoreError } from '../errors.ts'
import type { AppliedMigration } from './history.ts'
import type { MigrationFile } from './migration.ts'
import { compareNames, orderName } from '../file-order.ts'
import { resolveReplacements } from './replace.ts'

/** Where files and history disagree, so that going on could do harm. */
export interface Discrepancy {
  readonly kind: 'edited' | 'missing' | 'out_of_order' | 'partly_replaced'
  readonly name: string
  /** The file, as people see it; null when it is missing. */
  readonly path: string | null
}

/** What is still to be applied, and what stands in the way. */
export interface Comparison {
  /** In the order in which they would be applied. */
  readonly pending: readonly MigrationFile[]
  readonly discrepancies: readonly Discrepancy[]
  /** Applied migrations whose edited files were accepted, so that the history takes their present text. */
  readonly accepted: readonly MigrationFile[]
  /** Squashed files of which everything that they replace is in effect: they are recorded and not run. */
  readonly standIns: readonly MigrationFile[]
  /** The name that sorts last among those in effect; null when there is none. */
  readonly newest: string | null
}

/** Names whose discrepancies somebody has looked at and allowed. */
export interface Allowances {
  readonly changed?: readonly string[]
  readonly missing?: readonly string[]
  readonly outOfOrder?: readonly string[]
  /** Applied migrations without a file that sort after every file: a newer version of the application has been here. */
  readonly ahead?: boolean
}

/** Compares the files, sorted, with what is in effect. Pure. */
export function compareWithHistory(
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
  allow: Allowances = {},
): Comparison {
  const byName = new Map(files.map((file) => [file.name, file]))
  const appliedNames = new Set(applied.map(({ name }) => name))
  const edited = applied
    .map(({ name, checksum }) => ({ file: byName.get(name), checksum }))
    .flatMap(({ file, checksum }) => (file && file.checksum !== checksum ? [file] : []))
  const { superseded, standIns, partly, replaced } = resolveReplacements(files, appliedNames)
  const pending = files.filter(
    (file) => !appliedNames.has(file.name) && !superseded.has(file.name) && !standIns.includes(file),
  )
  const placeOf = (name: string) => orderName(byName.get(name) ?? { name })
  const newest = applied
    .map(({ name }) => name)
    .reduce<string | null>(
      (last, name) => (last === null || compareNames(placeOf(last), placeOf(name)) < 0 ? name : last),
      null,
    )
  const late = newest === null ? [] : pending.filter((file) => compareNames(orderName(file), placeOf(newest)) < 0)

  const discrepancies: Discrepancy[] = [
    ...edited
      .filter(({ name }) => !allow.changed?.includes(name))
      .map(({ name, path }) => ({ kind: 'edited' as const, name, path })),
    ...applied
      .filter(
        ({ name }) =>
          !byName.has(name) &&
          !replaced.has(name) &&
          !allow.missing?.includes(name) &&
          !(allow.ahead && isAhead(name, files)),
      )
      .map(({ name }) => ({ kind: 'missing' as const, name, path: null })),
    ...late
      // One that waited for an extension comes when the server has it.
      .filter((file) => !allow.outOfOrder?.includes(file.name) && !partly.includes(file) && !file.extensions)
      .map(({ name, path }) => ({ kind: 'out_of_order' as const, name, path })),
    ...partly.map(({ name, path }) => ({ kind: 'partly_replaced' as const, name, path })),
  ]
  return {
    pending,
    discrepancies,
    standIns,
    newest,
    accepted: edited.filter(({ name }) => allow.changed?.includes(name)),
  }
}

function isAhead(name: string, files: readonly MigrationFile[]): boolean {
  return files.every((file) => compareNames(orderName(file), name) < 0)
}

/**
 * The error for what stands in the way; each further discrepancy is a line of its details.
 * `difference` shows how an edited file differs from what was applied, line by line.
 */
export function discrepancyError(
  discrepancies: readonly Discrepancy[],
  newestApplied: string | null,
  difference: readonly string[] = [],
): MetastoreError {
  const [first, ...others] = discrepancies
  if (first === undefined) throw new RangeError('There is no discrepancy to report.')
  const described = describeDiscrepancy(first, newestApplied)
  return new MetastoreError({
    ...described,
    details: [...difference, ...others.map((other) => `Also: ${describeDiscrepancy(other, newestApplied).message}`)],
  })
}

/** One discrepancy as the code, sentence, place and remedy that people meet. */
export function describeDiscrepancy(discrepancy: Discrepancy, newestApplied: string | null) {
  const { name, path } = discrepancy
  switch (discrepancy.kind) {
    case 'edited':
      return {
        code: 'migration_edited' as const,
        message: `The file of migration ${name} was edited after it was applied.`,
        where: path ?? name,
        remedy: `Put the change into a new migration and restore this file (metastore show ${name} --applied prints what ran), or accept the file as it is with --allow-changed ${name}.`,
      }
    case 'missing':
      return {
        code: 'migration_missing' as const,
        message: `Migration ${name} is applied, but its file is gone.`,
        where: name,
        remedy: `Restore the file (metastore show ${name} --applied prints it), go on without it with --allow-missing ${name}, or take it out of the history with metastore stamp --forget ${name}.`,
      }
    case 'out_of_order':
      return {
        code: 'migration_out_of_order' as const,
        message: `Migration ${name} is new, but sorts before ${newestApplied ?? 'one'}, which is already applied.`,
        where: path ?? name,
        remedy: `Rename its file so that it sorts last, or apply it late with --allow-out-of-order ${name}.`,
      }
    case 'partly_replaced':
      return {
        code: 'migration_partly_replaced' as const,
        message: `Migration ${name} replaces others, of which this database has only a part.`,
        where: path ?? name,
        remedy: `Take ${name} away, migrate with the files that it replaces, and put it back.`,
      }
  }
}

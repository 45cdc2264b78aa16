import type { MigrationFile } from './migration.ts'

/** What follows from files that replace others, given what is in effect. */
export interface Replacements {
  /** Names of files that are not to be applied, because another file has taken their place. */
  readonly superseded: ReadonlySet<string>
  /** Files of which everything that they replace is in effect: they are recorded, not run. */
  readonly standIns: readonly MigrationFile[]
  /** Files of which a part of what they replace is in effect. */
  readonly partly: readonly MigrationFile[]
  /** Names that need no file of their own any more. */
  readonly replaced: ReadonlySet<string>
}

/**
 * Works out what squashed files mean for a database. A new database runs the squashed file; one that has everything it
 * replaces only records it; one that has a part of that has to get the rest first. Pure.
 */
export function resolveReplacements(files: readonly MigrationFile[], applied: ReadonlySet<string>): Replacements {
  const replacing = files.filter(({ replaces = [] }) => replaces.length > 0)
  const waiting = replacing.filter(({ name }) => !applied.has(name))
  const inEffect = ({ replaces = [] }: MigrationFile) => replaces.filter((name) => applied.has(name)).length
  const replaced = new Set(replacing.flatMap(({ replaces = [] }) => replaces))
  return {
    replaced,
    superseded: replaced,
    standIns: waiting.filter((file) => inEffect(file) > 0 && inEffect(file) === file.replaces?.length),
    partly: waiting.filter((file) => inEffect(file) > 0 && inEffect(file) !== file.replaces?.length),
  }
}

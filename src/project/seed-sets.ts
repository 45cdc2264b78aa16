import type { TomlPath } from '../toml/toml-positions.ts'
import { problemAt } from './configuration-file.ts'
import type { Reading } from './declared-value.ts'
import { isTable } from './values.ts'

/** The sets of seeds that a database has beside its `seeds`: a name for each, and its directories as they are written. */
export function readSeedSets(reading: Reading, path: TomlPath, value: unknown): Map<string, readonly string[]> {
  const sets = new Map<string, readonly string[]>()
  if (value === undefined) return sets
  if (!isTable(value)) {
    fault(reading, path, 'seed_sets must be a table of names with directories.')
    return sets
  }
  for (const [name, directories] of Object.entries(value)) {
    const list = Array.isArray(directories) ? directories : [directories]
    const paths = list.filter(
      (one): one is string => typeof one === 'string' && one.trim() !== '' && !one.includes('\0'),
    )
    if (paths.length > 0 && paths.length === list.length && name !== 'seeds') sets.set(name, paths)
    else if (name === 'seeds')
      fault(reading, [...path, name], 'A seed set cannot be called seeds, which is the name of the usual one.')
    else fault(reading, [...path, name], `The seed set ${JSON.stringify(name)} must be a list of directories.`)
  }
  return sets
}

function fault(reading: Reading, path: TomlPath, message: string): void {
  const remedy = 'Write seed_sets = { demo = ["seeds/demo"] }.'
  reading.problems.push(problemAt(reading.file, path, { message, remedy }, 'key'))
}

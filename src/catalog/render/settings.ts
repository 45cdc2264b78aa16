import { id, join, literal, type Sql, sql } from '../../database/sql.ts'
import type { Settings } from '../object.ts'

/** SET and RESET of options, as tables, views, indexes and columns take them. */
export function settingChanges(expected: Settings, actual: Settings): Sql[] {
  const set = Object.entries(expected).filter(([name, value]) => actual[name] !== value)
  const reset = Object.keys(actual).filter((name) => !(name in expected))
  return [
    ...(set.length === 0 ? [] : [sql`set (${settingList(Object.fromEntries(set))})`]),
    ...(reset.length === 0 ? [] : [sql`reset (${join(reset.map(settingName))})`]),
  ]
}

/** Options as they stand in parentheses after WITH. */
export function settingList(settings: Settings): Sql {
  return join(Object.entries(settings).map(([name, value]) => sql`${settingName(name)} = ${literal(value)}`))
}

// `toast.autovacuum_enabled` has its first part as a namespace.
function settingName(name: string): Sql {
  return name.startsWith('toast.') ? id('toast', name.slice('toast.'.length)) : id(name)
}

/** ADD, SET and DROP of the options of a foreign table; undefined when there is nothing to change. */
export function optionListChanges(expected: Settings, actual: Settings): Sql | undefined {
  const changes = [
    ...Object.entries(expected).flatMap(([name, value]) => {
      if (actual[name] === value) return []
      return name in actual ? [sql`set ${id(name)} ${literal(value)}`] : [sql`add ${id(name)} ${literal(value)}`]
    }),
    ...Object.keys(actual)
      .filter((name) => !(name in expected))
      .map((name) => sql`drop ${id(name)}`),
  ]
  return changes.length === 0 ? undefined : join(changes)
}

import { redactUrl } from '../database/database.ts'
import { formatDuration } from './durations.ts'
import type { DatabaseSettings, Origin, Project } from './project.ts'
import type { Setting } from './setting.ts'
import { settingNames, settingOf, type Directory, type SettingName } from './settings.ts'

/** One setting of one database, as `metastore config` shows it. */
export interface SettingRow {
  readonly database: string
  /** Its name in metastore.toml. */
  readonly setting: string
  /** As metastore.toml would say it, URLs without their passwords; null for none and for what has a problem. */
  readonly value: string | number | boolean | readonly string[] | null
  readonly origin: Origin
  /** Why there is no value. */
  readonly problem: string | null
}

/** Every setting of every database with its value and where it came from. It never throws: problems are shown. */
export function describeSettings(
  project: Project,
  databases: readonly DatabaseSettings[] = project.databases,
): SettingRow[] {
  return databases.flatMap((database) => settingNames.map((name) => describeSetting(database, name)))
}

/** An origin in a few words: `environment DATABASE_URL`, `metastore.toml:2:1`. */
export function describeOrigin({ from, name, where }: Origin): string {
  if (where !== null) return where
  return name === null ? from : `${from} ${name}`
}

function describeSetting(database: DatabaseSettings, name: SettingName): SettingRow {
  const problem = database.problems[name]
  return {
    database: database.name,
    setting: settingOf(name).key,
    value: problem ? null : shownValue(name, database),
    origin: database.origins[name],
    problem: problem?.message ?? null,
  }
}

function shownList(value: Directory | readonly (Directory | string)[], kind: Setting['kind']): SettingRow['value'] {
  if ('path' in value) return value.path
  const words = value.map((element) => (typeof element === 'string' ? element : element.path))
  // What a program is given may be a secret: a token, the name of an account.
  return kind === 'command' && words.length > 1 ? [words[0] ?? '', '…'] : words
}

function shownValue(name: SettingName, database: DatabaseSettings): SettingRow['value'] {
  const value = database[name]
  if (value === null || typeof value === 'boolean') return value
  const { kind } = settingOf(name)
  if (typeof value === 'object') return shownList(value, kind)
  if (kind === 'url') return redactUrl(String(value))
  return kind === 'duration' ? formatDuration(Number(value)) : value
}

import { nearest } from '../nearest.ts'
import type { TomlPath } from '../toml/toml-positions.ts'
import { problemAt } from './configuration-file.ts'
import { readDeclaredValue, type DeclaredValue, type Reading } from './declared-value.ts'
import { serverSettings } from './server-settings.ts'
import { settingOf, type SettingName } from './settings.ts'
import { shownName } from './shown.ts'
import { describeToml, isTable } from './values.ts'

const prefix = 'server_'

const names = new Map(
  (Object.keys(serverSettings) as (keyof typeof serverSettings)[]).map((name): [string, SettingName] => [
    serverSettings[name].key.slice(prefix.length),
    name,
  ]),
)

/** The settings of a table [server], of one database or of all: `port` there is `server_port` elsewhere. */
export function readServerTable(
  reading: Reading,
  path: TomlPath,
  table: unknown,
): ReadonlyMap<SettingName, DeclaredValue> {
  const values = new Map<SettingName, DeclaredValue>()
  if (table === undefined) return values
  if (!isTable(table)) {
    const message = `server must be a table, not ${describeToml(table)}.`
    const remedy = 'Write its settings below a line [server].'
    reading.problems.push(problemAt(reading.file, path, { message, remedy }, 'key'))
    return values
  }
  for (const key of reading.file.positions.keys(path)) {
    const name = names.get(key)
    if (name === undefined) {
      const meant = nearest(key, [...names.keys()])
      const hint = meant === undefined ? '' : `Did you mean ${meant}? `
      const message = `There is no setting ${shownName(key)} of the server.`
      const remedy = `${hint}Its settings are ${[...names.keys()].join(', ')}.`
      reading.problems.push(problemAt(reading.file, [...path, key], { message, remedy }, 'key'))
      continue
    }
    const value = readDeclaredValue({ reading, setting: settingOf(name), path: [...path, key] }, table[key])
    if (value) values.set(name, value)
  }
  return values
}

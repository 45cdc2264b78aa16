import { nearest } from '../nearest.ts'
import { readCheckRules, type CheckRule } from './check-rules.ts'
import { configurationInvalid, problemAt, type ConfigurationFile } from './configuration-file.ts'
import { readFleets, type Fleet } from './fleets.ts'
import { readDeclaredValue, type DeclaredValue, type Reading } from './declared-value.ts'
import { settingNames, settingOf, type SettingName } from './settings.ts'
import { shownName, tomlKey } from './shown.ts'
import type { TomlPath } from '../toml/toml-positions.ts'
import { readReportModules, type ReportModule } from './report-modules.ts'
import { readSeedSets } from './seed-sets.ts'
import { readServerTable } from './server-table.ts'
import { describeToml, isTable } from './values.ts'

/** One `[database.NAME]` of the file. */
export interface DeclaredDatabase {
  readonly name: string
  readonly where: string
  readonly values: ReadonlyMap<SettingName, DeclaredValue>
  /** The directories of each seed set, as they are written. */
  readonly seedSets: ReadonlyMap<string, readonly string[]>
  readonly reports: readonly ReportModule[]
}

/** What a file declares. */
export interface Declarations {
  readonly databases: readonly DeclaredDatabase[]
  readonly checkRules: readonly CheckRule[]
  readonly fleets: readonly Fleet[]
}

const settingsByKey: ReadonlyMap<string, SettingName> = new Map(settingNames.map((name) => [settingOf(name).key, name]))

/**
 * The databases that a file declares, in its order, and its rules for migrations. Everything that is wrong whatever the
 * environment holds is told in one `configuration_invalid`.
 */
export function readDeclarations(file: ConfigurationFile): Declarations {
  const reading: Reading = { file, problems: [] }
  for (const key of file.positions.keys([])) {
    const isKnown = ['database', 'check', 'fleet', 'server'].includes(key)
    if (!isKnown) unknownTopLevel(reading, key)
  }
  const server = readServerTable(reading, ['server'], file.document['server'])
  const databases = readDatabases(reading, file.document['database'], server)
  const checkRules = readCheckRules(reading, file.document['check'])
  const fleets = readFleets(reading, file.document['fleet'])
  if (reading.problems.length > 0) throw configurationInvalid(file, reading.problems)
  return { databases, checkRules, fleets }
}

type Values = ReadonlyMap<SettingName, DeclaredValue>

function readDatabases(reading: Reading, tables: unknown, server: Values): DeclaredDatabase[] {
  if (tables === undefined) return server.size === 0 ? [] : [onlyServer(reading, server)]
  if (!isTable(tables)) {
    report(reading, ['database'], `database must be a table, not ${describeToml(tables)}.`, nameRemedy)
    return []
  }
  const databases: DeclaredDatabase[] = []
  for (const name of reading.file.positions.keys(['database'])) {
    const path = ['database', name]
    const table = tables[name]
    if (isTable(table)) databases.push(readDatabase(reading, name, table, server))
    else if (settingsByKey.has(name)) report(reading, path, `The setting ${name} stands in no database.`, nameRemedy)
    else {
      const remedy = `Write its settings below a line [database.${tomlKey(name)}].`
      report(reading, path, `The database ${shownName(name)} must be a table, not ${describeToml(table)}.`, remedy)
    }
  }
  return databases
}

// A file that only says something of the server is one of a project with one database, of which nothing is said.
function onlyServer({ file }: Reading, values: Values): DeclaredDatabase {
  const where = file.place(file.positions.key(['server'])?.start ?? 0)
  return { name: 'default', where, values, seedSets: new Map(), reports: [] }
}

function readDatabase(
  reading: Reading,
  name: string,
  table: Readonly<Record<string, unknown>>,
  server: Values,
): DeclaredDatabase {
  const path = ['database', name]
  if (name.trim() === '') report(reading, path, 'A database has an empty name.', nameRemedy)
  // What is said of one database wins over what is said of all.
  const values = new Map([...server, ...readServerTable(reading, [...path, 'server'], table['server'])])
  for (const key of reading.file.positions.keys(path)) {
    if (key === 'seed_sets' || key === 'report' || key === 'server') continue
    const setting = settingsByKey.get(key)
    if (setting === undefined) {
      unknownSetting(reading, [...path, key], key)
      continue
    }
    const value = readDeclaredValue({ reading, setting: settingOf(setting), path: [...path, key] }, table[key])
    if (value) values.set(setting, value)
  }
  const seedSets = readSeedSets(reading, [...path, 'seed_sets'], table['seed_sets'])
  const reports = readReportModules(reading, [...path, 'report'], table['report'])
  return { name, where: reading.file.place(reading.file.positions.key(path)?.start ?? 0), values, seedSets, reports }
}

function unknownTopLevel(reading: Reading, key: string): void {
  if (settingsByKey.has(key)) {
    report(reading, [key], `The setting ${key} stands in no database.`, nameRemedy)
    return
  }
  const meant = nearest(key, ['database', 'server'])
  const hint = meant === undefined ? '' : `Did you mean ${meant}? `
  const remedy = `${hint}At the top level there are only tables such as [database.assistant].`
  report(reading, [key], `There is no setting or table ${shownName(key)}.`, remedy)
}

function unknownSetting(reading: Reading, path: TomlPath, key: string): void {
  const meant = nearest(key, [...settingsByKey.keys(), ...tableNames])
  const hint = meant === undefined ? '' : `Did you mean ${meant}? `
  const known = `The settings of a database are ${[...ownSettings, ...tableNames].join(', ')}.`
  report(reading, path, `There is no setting ${shownName(key)}.`, hint + known)
}

/** What stands in a database beside its settings, as tables of their own. */
const tableNames = ['seed_sets', 'report', 'server'] as const

// Those of the server stand better in its table.
const ownSettings = [...settingsByKey.keys()].filter((key) => !key.startsWith('server_'))

const nameRemedy = 'Give each database a name, and write its settings below a line such as [database.assistant].'

function report(reading: Reading, path: TomlPath, message: string, remedy: string): void {
  reading.problems.push(problemAt(reading.file, path, { message, remedy }, 'key'))
}

import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import type { Fleet } from './fleets.ts'
import type { CheckRule } from './check-rules.ts'
import type { Directory, SettingName, SettingValues } from './settings.ts'
import type { ReportModule } from './report-modules.ts'
import { shownName, tomlKey } from './shown.ts'

/** Where a value came from. */
export interface Origin {
  readonly from: 'flag' | 'environment' | '.env' | 'file' | 'default'
  /** The flag or the environment variable; null for the file and the default. */
  readonly name: string | null
  /** `file:line:column`; null for what no file says. */
  readonly where: string | null
}

/**
 * One database of the project, resolved. A setting whose value cannot be known, as when it refers to an environment
 * variable that is not set, throws when it is asked for (`variable_missing`, `configuration_invalid`): a command that
 * does not need it, or works on another database, is not held up.
 */
export interface DatabaseSettings extends SettingValues {
  readonly name: string
  /** Which member of a fleet it is, where it is one. */
  readonly member?: string
  /** `file:line:column` of its declaration; null when no file declares it. */
  readonly where: string | null
  /** The directory that relative paths in `url` are relative to. */
  readonly urlDirectory: string
  /** The seed sets beside `seeds`, each with its directories. */
  readonly seedSets: Readonly<Record<string, readonly Directory[]>>
  /** The parts that reports are written of; none where nobody has said. */
  readonly reports: readonly ReportModule[]
  readonly origins: Readonly<Record<SettingName, Origin>>
  /** What asking for a setting throws. */
  readonly problems: Readonly<Partial<Record<SettingName, MetastoreError>>>
}

/** The resolved configuration of a project. */
export interface Project {
  /** Absolute. */
  readonly directory: string
  /** The configuration file as people see it; null when there is none. */
  readonly file: string | null
  /** In the order of the file. */
  readonly databases: readonly DatabaseSettings[]
  /** The databases that `--database` names; empty for all. */
  readonly named: readonly string[]
  /** Its own rules for migrations. */
  readonly checkRules: readonly CheckRule[]
  /** Its fleets: databases or schemas with the same migrations. */
  readonly fleets: readonly Fleet[]
  /** The value of a variable of the environment or, where it has none, of the project's `.env`. */
  readonly variable: (name: string) => string | undefined
}

/** The databases with these names, in the order given; all of them when there are none. Throws `database_unknown`. */
export function selectDatabases(
  project: Project,
  names: readonly string[] = project.named,
): readonly DatabaseSettings[] {
  if (names.length === 0) return project.databases
  return [...new Set(names)].map((name) => findDatabase(project, name))
}

/** The database with this name. Throws `database_unknown`. */
export function findDatabase(project: Project, name: string): DatabaseSettings {
  const found = project.databases.find((database) => database.name === name)
  if (found) return found
  throw databaseUnknown(project, name)
}

function databaseUnknown({ file, databases }: Project, name: string): MetastoreError {
  const names = databases.map((database) => database.name)
  const meant = nearest(name, names)
  const hint = meant === undefined ? '' : `Did you mean ${shownName(meant)}? `
  if (file === null) {
    return new MetastoreError({
      code: 'database_unknown',
      message: `There is no database ${shownName(name)}: without a metastore.toml there is only "default".`,
      remedy: `${hint}Leave --database out, or write a metastore.toml with a table [database.${tomlKey(name)}].`,
    })
  }
  return new MetastoreError({
    code: 'database_unknown',
    message: `There is no database ${shownName(name)} in ${file}.`,
    where: file,
    remedy: `${hint}Declared are ${names.map(shownName).join(', ')}.`,
  })
}

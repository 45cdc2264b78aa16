import { MetastoreError } from '../errors.ts'
import type { Setting } from './setting.ts'
import { settingNames, settingOf, type SettingName } from './settings.ts'
import { shownName } from './shown.ts'
import { checkText, checkToml, faultMessage, type PlainValue } from './values.ts'

/** What the command line says, by the names that settings have in code; what is undefined was not said. */
export type Flags = {
  readonly [Name in SettingName]?: string | boolean | readonly string[] | undefined
} & {
  /** `--database`, once or several times. */
  readonly database?: string | readonly string[] | undefined
}

/** The settings that flags give, checked. */
export type FlagValues = ReadonlyMap<SettingName, PlainValue>

/** Checks the flags. Throws `usage`. */
export function readFlags(flags: Flags): FlagValues {
  const values = new Map<SettingName, PlainValue>()
  for (const name of settingNames) {
    const given = flags[name]
    if (given === undefined) continue
    const setting = settingOf(name)
    const checked = typeof given === 'string' ? checkText(setting, given) : checkToml(setting, given)
    if ('fault' in checked) {
      const flag = flagOf(setting)
      const { fault } = checked
      throw new MetastoreError({ code: 'usage', message: faultMessage(flag, fault), where: flag, remedy: fault.remedy })
    }
    values.set(name, checked.value)
  }
  return values
}

/** The names that `--database` gives, each once. */
export function namedDatabases({ database }: Flags): readonly string[] {
  if (database === undefined) return []
  return [...new Set(typeof database === 'string' ? [database] : database)]
}

/**
 * The one database that settings with the reach `one` are for: the one that is named, or the only one there is.
 * Throws `usage` when a flag gives such a setting and it is not clear for which database.
 */
export function targetDatabase(
  flags: FlagValues,
  named: readonly string[],
  declared: readonly string[],
): string | null {
  const candidates = named.length > 0 ? named : declared
  if (candidates.length === 1) return candidates[0] ?? null
  const exclusive = [...flags.keys()].map(settingOf).find((setting) => setting.reach === 'one')
  if (exclusive === undefined) return null
  const flag = flagOf(exclusive)
  throw new MetastoreError({
    code: 'usage',
    message: `${flag} is for one database, but the command is for ${candidates.length}.`,
    where: flag,
    remedy: `Name the one that is meant, with --database NAME: ${candidates.map(shownName).join(', ')}.`,
  })
}

function flagOf(setting: Setting): string {
  return setting.flag?.split(' ', 1)[0] ?? setting.key
}

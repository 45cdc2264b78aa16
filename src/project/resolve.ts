import path from 'node:path'
import { MetastoreError } from '../errors.ts'
import type { DeclaredDatabase } from './declarations.ts'
import type { DeclaredValue } from './declared-value.ts'
import type { FlagValues } from './flags.ts'
import type { DatabaseSettings, Origin } from './project.ts'
import { resolveTemplate, type Reference, type Resolved } from './references.ts'
import type { Setting } from './setting.ts'
import { settingNames, settingOf, type Directory, type SettingName, type SettingValue } from './settings.ts'
import { shownName } from './shown.ts'
import { checkText, checkToml, faultMessage, type Checked, type PlainValue } from './values.ts'
import { lookUpVariable, type Variables } from './variables.ts'

/** Everything that values come from, besides the file. */
export interface Sources {
  readonly flags: FlagValues
  readonly variables: Variables
  /** The directory that the file's and the variables' paths are relative to. */
  readonly directory: string
  /** The directory that the flags' paths are relative to. */
  readonly workingDirectory: string
  /** The one database that settings with the reach `one` are for, when flags or variables give them; null for none. */
  readonly target: string | null
}

type Outcome = { readonly origin: Origin } & (
  { readonly value: PlainValue | null } | { readonly problem: MetastoreError }
)

/** Resolves every setting of a database: flags over environment over `.env` over file over default. */
export function resolveDatabase(database: DeclaredDatabase | string, sources: Sources): DatabaseSettings {
  const declared = typeof database === 'string' ? undefined : database
  const name = typeof database === 'string' ? database : database.name
  const settings: Partial<Record<SettingName, SettingValue>> = {}
  const origins: Partial<Record<SettingName, Origin>> = {}
  const problems: Partial<Record<SettingName, MetastoreError>> = {}
  for (const setting of settingNames) {
    const outcome = resolveSetting(setting, name, declared?.values.get(setting), sources)
    origins[setting] = Object.freeze(outcome.origin)
    if ('problem' in outcome) {
      problems[setting] = outcome.problem
      throwWhenAskedFor(settings, setting, outcome.problem)
    } else {
      settings[setting] = inPlace(settingOf(setting), outcome.value, baseOf(outcome.origin, sources))
    }
  }
  const place = {
    name,
    where: declared?.where ?? null,
    urlDirectory: baseOf(origins.url, sources),
    seedSets: seedSetsOf(declared, sources),
    reports: Object.freeze(declared?.reports ?? []),
  }
  // Assigned to, and not spread: spreading would ask for the settings that throw.
  const all = Object.assign(settings, place, { origins: Object.freeze(origins), problems: Object.freeze(problems) })
  return Object.freeze(all) as DatabaseSettings
}

function seedSetsOf(declared: DeclaredDatabase | undefined, { directory }: Sources): DatabaseSettings['seedSets'] {
  const sets = [...(declared?.seedSets ?? [])].map(([name, paths]) => [
    name,
    Object.freeze(paths.map((written) => Object.freeze({ path: written, absolute: path.resolve(directory, written) }))),
  ])
  return Object.freeze(Object.fromEntries(sets) as Record<string, readonly Directory[]>)
}

function resolveSetting(
  name: SettingName,
  database: string,
  declared: DeclaredValue | undefined,
  sources: Sources,
): Outcome {
  const setting = settingOf(name)
  const reached = setting.reach === 'all' || sources.target === database
  const flag = sources.flags.get(name)
  if (flag !== undefined && reached) {
    return { origin: { from: 'flag', name: flagName(setting), where: null }, value: flag }
  }
  const given = reached ? fromVariable(setting, sources.variables) : undefined
  if (given) return given
  if (declared) return fromFile(setting, database, declared, sources.variables)
  return { origin: { from: 'default', name: null, where: null }, value: defaultOf(setting, database) }
}

function flagName({ flag }: Setting): string | null {
  return flag?.split(' ', 1)[0] ?? null
}

// An empty variable is one that is not set: that is how Compose files and CI systems pass on what nobody gave.
function fromVariable(setting: Setting, variables: Variables): Outcome | undefined {
  for (const name of setting.variables) {
    const found = lookUpVariable(variables, name)
    if (found === undefined || found.value === '') continue
    const origin: Origin = { from: found.from, name, where: null }
    const checked = checkText(setting, found.value)
    if ('value' in checked) return { origin, value: checked.value }
    return { origin, problem: unfit(`The environment variable ${name}`, checked, name) }
  }
  return undefined
}

function fromFile(setting: Setting, database: string, declared: DeclaredValue, variables: Variables): Outcome {
  const origin: Origin = { from: 'file', name: null, where: declared.where }
  if (declared.kind === 'value') return { origin, value: declared.value }
  const subject = `${setting.key} of database ${shownName(database)}`
  const templates = declared.kind === 'text' ? [declared.text] : declared.elements
  const resolved = templates.map((template) =>
    resolveTemplate(template, (name) => lookUpVariable(variables, name)?.value),
  )
  const missing = resolved.find((result) => 'missing' in result)
  if (missing) return { origin, problem: variableMissing(`the ${subject}`, missing, declared) }
  const texts = resolved.map(textOf)
  const checked = declared.kind === 'text' ? checkText(setting, texts.join('')) : checkToml(setting, texts)
  if ('value' in checked) return { origin, value: checked.value }
  return { origin, problem: unfit(`The ${subject}, with its variables filled in,`, checked, declared.where) }
}

function textOf(resolved: Resolved): string {
  return 'text' in resolved ? resolved.text : ''
}

function defaultOf(setting: Setting, database: string): PlainValue | null {
  if (setting.kind === 'url' && typeof setting.default === 'string') {
    return setting.default.replace('NAME', () => directoryName(database))
  }
  if (typeof setting.default !== 'string') return setting.default
  const checked = checkText(setting, setting.default)
  if ('value' in checked) return checked.value
  throw new Error(`The default of ${setting.key} does not fit the setting.`)
}

// A database can have any name. As part of a path it must neither lead elsewhere nor meet another one's.
function directoryName(database: string): string {
  return database.replaceAll(/[^A-Za-z0-9_.-]|^\.+/gu, (characters) =>
    [...characters].map((character) => `~${(character.codePointAt(0) ?? 0).toString(16)}~`).join(''),
  )
}

function inPlace(setting: Setting, value: PlainValue | null, base: string): SettingValue {
  if (setting.kind === 'file' && typeof value === 'string') {
    return Object.freeze({ path: value, absolute: path.resolve(base, value) })
  }
  if (setting.kind !== 'directories' || !Array.isArray(value)) return value
  return Object.freeze(
    value.map((written: string) => Object.freeze({ path: written, absolute: path.resolve(base, written) })),
  )
}

function baseOf(origin: Origin | undefined, sources: Sources): string {
  return origin?.from === 'flag' ? sources.workingDirectory : sources.directory
}

function throwWhenAskedFor(settings: object, setting: SettingName, problem: MetastoreError): void {
  Object.defineProperty(settings, setting, {
    enumerable: true,
    get() {
      throw problem
    },
  })
}

// What was found is left out: it comes from the environment, and may be secret.
function unfit(subject: string, checked: Extract<Checked, { fault: unknown }>, where: string): MetastoreError {
  const { verdict, remedy } = checked.fault
  const message = faultMessage(subject, { verdict, found: undefined })
  return new MetastoreError({ code: 'configuration_invalid', message, where, remedy })
}

function variableMissing(
  subject: string,
  { missing, empty }: { readonly missing: Reference; readonly empty: boolean },
  declared: DeclaredValue,
): MetastoreError {
  const { name, complaint } = missing
  const reason = complaint === undefined || complaint === '' ? '' : `: ${complaint.replace(/\.$/, '')}`
  return new MetastoreError({
    code: 'variable_missing',
    message: `The environment variable ${name} is ${empty ? 'empty' : 'not set'}, but ${subject} refers to it${reason}.`,
    where: declared.references.get(name) ?? declared.where,
    remedy: `Set ${name} in the environment or in .env, or give it a default in the file: \${${name}:-…}.`,
  })
}

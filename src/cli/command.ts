import { settingNames, settingOf, type SettingName } from '../project/settings.ts'
import type { Context } from './context.ts'
import type { ExitStatus } from './exit-status.ts'
import type { Input } from './input.ts'

/** An option of a command, as its help shows it. */
export interface OptionDefinition {
  /** `--to <name>`, `--check`: what it is called and what it takes. */
  readonly flags: string
  readonly description: string
  /** It may be given several times, one value each. */
  readonly repeats?: boolean
}

/** An argument of a command: `<name>` required, `[name]` optional, `[names...]` any number. */
export interface ArgumentDefinition {
  readonly name: string
  readonly description: string
}

/** What a command works on, and so which of the common options it takes. */
export type Scope =
  /** Nothing: it reads no project. */
  | 'nothing'
  /** The project's files; no database is opened. */
  | 'project'
  /** One database or all of them. */
  | 'databases'

/** One command: everything its help, its page of the manual and its run are made of. */
export interface CommandDefinition {
  readonly name: string
  readonly summary: string
  /** More about it, for its help and its page. */
  readonly description?: string
  /** Command lines that work as they stand, each with what it does. */
  readonly examples: readonly (readonly [command: string, does: string])[]
  readonly scope: Scope
  readonly arguments?: readonly ArgumentDefinition[]
  readonly options?: readonly OptionDefinition[]
  /** What its `--json` document holds, for the manual. */
  readonly json: string
  run(input: Input, context: Context): Promise<ExitStatus>
}

/** A command as a value; the type is checked here and inferred everywhere else. */
export function defineCommand(definition: CommandDefinition): CommandDefinition {
  return definition
}

const outputOptions: readonly OptionDefinition[] = [
  { flags: '--json', description: 'print one JSON document on standard output and nothing else there' },
  { flags: '-q, --quiet', description: 'print what was asked for and errors only, not how the work goes' },
  { flags: '-y, --yes', description: 'answer yes to every question; without a terminal none is asked' },
  { flags: '--verbose', description: 'print stack traces with errors' },
  { flags: '--no-color', description: 'print without colour (also NO_COLOR=1)' },
]

const projectOptions: readonly OptionDefinition[] = [
  {
    flags: '--project <path>',
    description: 'the project: its directory or its metastore.toml (default: searched upwards)',
  },
  {
    flags: '--database <name>',
    description: 'one database of metastore.toml; may be repeated (default: all, in order)',
    repeats: true,
  },
]

// Settings that only matter to somebody who opens the database.
const connectionSettings: readonly SettingName[] = ['wait', 'lockWait', 'lockTimeout', 'bootstrap']

/** All options of a command: its own, those of its scope, and those of every command. */
export function optionsOf({
  scope,
  options = [],
}: Pick<CommandDefinition, 'scope' | 'options'>): readonly OptionDefinition[] {
  if (scope === 'nothing') return [...options, ...outputOptions]
  const settings = settingNames
    .filter((name) => scope === 'databases' || !connectionSettings.includes(name))
    .map(settingOf)
    .flatMap(({ flag: flags, description }) => (flags === null ? [] : [{ flags, description: asPhrase(description) }]))
  return [...options, ...projectOptions, ...settings, ...outputOptions]
}

/** What an option is called (`--to`), and whether it takes a value or any number of them. */
export function readOption({ flags }: OptionDefinition): { name: string; value: 'none' | 'one' | 'many' } {
  const [, name = '', value] = /(--[\w-]+)(?: (<.*>))?$/.exec(flags) ?? []
  return { name, value: value === undefined ? 'none' : value.endsWith('...>') ? 'many' : 'one' }
}

// Settings are described in sentences; beside the other options a phrase stands better.
function asPhrase(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1).replace(/\.$/, '')}`
}

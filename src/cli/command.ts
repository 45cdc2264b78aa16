import { settingNames, settingOf, type SettingName } from '../project/settings.ts'
import type { Context } from './context.ts'
import type { ExitStatus } from './exit-status.ts'
import type { Input } from './input.ts'
import type { Scope } from './scope.ts'

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
  /** What `--format` takes beside `human` and `json`. */
  readonly formats?: readonly string[]
  /** What its `--json` document holds, for the manual. */
  readonly json: string
  run(input: Input, context: Context): Promise<ExitStatus>
}

/** A command as a value; the type is checked here and inferred everywhere else. */
export function defineCommand(definition: CommandDefinition): CommandDefinition {
  return definition
}

const jsonOption: OptionDefinition = {
  flags: '--json',
  description: 'print one JSON document on standard output and nothing else there',
}

// Left out of a command that has an option of this name for something else.
function formatOption(formats: readonly string[]): OptionDefinition {
  const others = formats.length === 0 ? '' : `, ${formats.join(', ')}`
  return {
    flags: '--format <format>',
    description: `human (default)${others} or json, which is the same as --json`,
  }
}

const otherOutputOptions: readonly OptionDefinition[] = [
  {
    flags: '--progress <form>',
    description:
      'auto (default), json for events on standard error, one JSON object a line, or none (METASTORE_PROGRESS)',
  },
  {
    flags: '--log-format <form>',
    description:
      'text (default), or json for what is said beside the results, on standard error (METASTORE_LOG_FORMAT)',
  },
  { flags: '-q, --quiet', description: 'print what was asked for and errors only, not how the work goes' },
  { flags: '-y, --yes', description: 'answer yes to every question; without a terminal none is asked' },
  { flags: '--verbose', description: 'print stack traces with errors' },
  { flags: '--no-color', description: 'print without colour (also NO_COLOR=1)' },
]

const projectOption: OptionDefinition = {
  flags: '--project <path>',
  description: 'the project: its directory or its metastore.toml (default: searched upwards)',
}

const databaseOption: OptionDefinition = {
  flags: '--database <name>',
  description: 'one database of metastore.toml; may be repeated (default: all, in order)',
  repeats: true,
}

// Reshape's spellings and defaults. Here -d is PostgreSQL's database, and no entry of metastore.toml.
const serverOptions: readonly OptionDefinition[] = [
  {
    flags: '--url <url>',
    description: 'the URL of the database (DB_URL); the options below are for one without a URL',
  },
  { flags: '--host <host>', description: 'the server (DB_HOST; default: localhost)' },
  { flags: '--port <port>', description: 'its port (DB_PORT; default: 5432)' },
  { flags: '-d, --database <name>', description: 'the database of the server (DB_NAME; default: postgres)' },
  { flags: '-u, --username <name>', description: 'the role to connect as (DB_USERNAME; default: postgres)' },
  { flags: '-p, --password <password>', description: 'its password (better as DB_PASSWORD; default: postgres)' },
]

// Settings that only matter to somebody who opens the database.
const connectionSettings: readonly SettingName[] = ['wait', 'lockWait', 'lockTimeout', 'lockDeadline', 'bootstrap']

/** All options of a command: its own, those of its scope, and those of every command. */
export function optionsOf(
  definition: Pick<CommandDefinition, 'scope' | 'options' | 'formats'>,
): readonly OptionDefinition[] {
  const { scope, options = [], formats = [] } = definition
  const output = [jsonOption, ...(hasOwnFormat(definition) ? [] : [formatOption(formats)]), ...otherOutputOptions]
  if (scope === 'nothing') return [...options, ...output]
  const settings = settingNames
    .filter((name) => scope === 'server' || scope === 'databases' || !connectionSettings.includes(name))
    .filter((name) => scope !== 'server' || name !== 'url')
    .map(settingOf)
    .flatMap(({ flag: flags, description }) => (flags === null ? [] : [{ flags, description: asPhrase(description) }]))
  const place = scope === 'server' ? [...serverOptions, projectOption] : [projectOption, databaseOption]
  return [...options, ...place, ...settings, ...output]
}

/** Whether a command means something of its own by `--format`, such as the format of a file that it writes. */
export function hasOwnFormat({ options = [] }: Pick<CommandDefinition, 'options'>): boolean {
  return options.some((option) => readOption(option).name === '--format')
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

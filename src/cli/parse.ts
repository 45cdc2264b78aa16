import { Command, CommanderError } from 'commander'
import { toolVersion } from '../version.ts'
import { optionsOf, readOption, type CommandDefinition } from './command.ts'
import type { Input } from './input.ts'
import { commands } from './commands.ts'
import { commandMissing, commandUnknown, refuseMisplacedUrl, usageError } from './usage.ts'

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: 'run'; readonly command: CommandDefinition; readonly input: Input }
  /** Text to print, and nothing else to do. */
  | { readonly kind: 'print'; readonly text: string }

/**
 * Understands a command line (without the program's own name). Only the command that is named is loaded.
 * Throws `usage`.
 */
export async function parseCommandLine(words: readonly string[]): Promise<Invocation> {
  refuseMisplacedUrl(words)
  const { name, rest } = findCommand(words)
  if (name === undefined) return parseNameless(words)
  if (name === 'help') return helpOn(rest[0])
  return parseWords(await loadCommand(name), rest)
}

/** The command that a command line names, whether there is one of that name or not; null when it names none. */
export function nameCommand(words: readonly string[]): string | null {
  return findCommand(words).name ?? null
}

async function parseNameless(words: readonly string[]): Promise<Invocation> {
  const has = (...names: readonly string[]) => words.some((word) => names.includes(word))
  if (words.length === 0 || has('--help', '-h')) return helpOn(undefined)
  if (has('--version', '-V')) return { kind: 'print', text: `${toolVersion}\n` }
  throw commandMissing()
}

async function helpOn(name: string | undefined): Promise<Invocation> {
  return { kind: 'print', text: name === undefined ? await overview() : describeCommand(await loadCommand(name)) }
}

async function loadCommand(name: string): Promise<CommandDefinition> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load === undefined) throw commandUnknown(name)
  return load()
}

// Common options may stand before the command: `metastore --project examples/agentkit migrate`. A value is tied to its
// option, so that one that takes several does not reach for the command's own arguments.
function findCommand(words: readonly string[]): { name: string | undefined; rest: string[] } {
  const before: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const takes = commonOptions.get(word) ?? 'none'
    if (takes === 'none' && !word.startsWith('-')) return { name: word, rest: [...before, ...words.slice(index + 1)] }
    const values = valuesAt(words.slice(index + 1), takes)
    before.push(...(takes === 'none' ? [word] : values.map((value) => `${word}=${value}`)))
    index += values.length
  }
  return { name: undefined, rest: before }
}

const commonOptions = new Map(
  optionsOf({ scope: 'databases' })
    .map(readOption)
    .map(({ name, value }) => [name, value]),
)

function valuesAt(words: readonly string[], takes: 'none' | 'one' | 'many'): readonly string[] {
  if (takes !== 'many') return words.slice(0, takes === 'one' ? 1 : 0)
  const end = words.findIndex((word, place) => place > 0 && (word.startsWith('-') || Object.hasOwn(commands, word)))
  return end === -1 ? words : words.slice(0, end)
}

function parseWords(definition: CommandDefinition, words: readonly string[]): Invocation {
  const command = toCommander(definition)
  let input: Input | undefined
  command.action(() => {
    input = { arguments: command.processedArgs as Input['arguments'], options: command.opts() }
  })
  try {
    command.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') return { kind: 'print', text: describeCommand(definition) }
    throw usageError(error, definition, command.args.length)
  }
  if (input === undefined) throw new RangeError(`The command line of ${definition.name} was parsed to nothing.`)
  return { kind: 'run', command: definition, input }
}

function toCommander(definition: CommandDefinition): Command {
  const command = new Command(`metastore ${definition.name}`)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .summary(definition.summary)
    .description(`${definition.summary}.${definition.description === undefined ? '' : `\n\n${definition.description}`}`)
    .helpOption('-h, --help', 'print this text')
    .allowExcessArguments(false)
  definition.arguments?.forEach(({ name, description }) => command.argument(name, description))
  for (const { flags, description, repeats } of optionsOf(definition)) {
    if (repeats) command.option(flags, description, collect)
    else command.option(flags, description)
  }
  return command
}

function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** The help of one command, with its examples. */
export function describeCommand(definition: CommandDefinition): string {
  const examples = definition.examples.flatMap(([line, does]) => [`  ${line}`, `      ${does}`])
  return `${toCommander(definition).helpInformation()}\nExamples:\n${examples.join('\n')}\n`
}

async function overview(): Promise<string> {
  const definitions = await Promise.all(Object.values(commands).map((load) => load()))
  const widest = Math.max(...definitions.map(({ name }) => name.length))
  return [
    `metastore ${toolVersion}: the database layer of an AI assistant as one tool`,
    '',
    'Usage: metastore COMMAND [options]',
    '',
    'Commands:',
    ...definitions.map(({ name, summary }) => `  ${name.padEnd(widest)}  ${summary}`),
    '',
    'Options:',
    '  -h, --help     this text; metastore COMMAND --help for one command',
    '  -V, --version  the version',
    '',
    'Example:',
    '  metastore migrate --database assistant',
    '      bring one database to its newest state',
    '',
    'metastore docs prints the manual. Exit status: 0 done or clean, 1 failed, 2 wrong usage or file,',
    '3 the state does not allow it or is not clean, 4 another process holds the lock.',
    '',
  ].join('\n')
}

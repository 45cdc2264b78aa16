import { Command, CommanderError } from 'commander'
import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { toolVersion } from '../version.ts'
import { optionsOf, type CommandDefinition } from './command.ts'
import type { Input } from './input.ts'
import { commands } from './commands.ts'

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
  if (words.length === 0 || isHelp(words)) return { kind: 'print', text: await overview() }
  if (words[0] === '--version' || words[0] === '-V') return { kind: 'print', text: `${toolVersion}\n` }
  const { name, rest } = findCommand(words)
  if (name === 'help') return helpOn(rest)
  const load = commands[name]
  if (load === undefined) throw unknownCommand(name)
  return parseWords(await load(), rest)
}

function isHelp(words: readonly string[]): boolean {
  const [first, ...rest] = words
  return first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)
}

async function helpOn(words: readonly string[]): Promise<Invocation> {
  const name = words[0] ?? ''
  const load = commands[name]
  if (load === undefined) throw unknownCommand(name)
  return { kind: 'print', text: describeCommand(await load()) }
}

// Common options may stand before the command: `metastore --project examples/agentkit migrate`.
const optionsWithValue = new Set(['--project', '--database', '--url', '--dirs', '--wait', '--lock-wait'])

function findCommand(words: readonly string[]): { name: string; rest: string[] } {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (optionsWithValue.has(word)) index++
    else if (!word.startsWith('-')) return { name: word, rest: words.filter((_, other) => other !== index) }
  }
  throw new MetastoreError({
    code: 'usage',
    message: `No command is named in: metastore ${words.join(' ')}`,
    remedy: 'metastore --help lists the commands.',
  })
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
    throw usageError(error, definition)
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

function unknownCommand(name: string): MetastoreError {
  const close = nearest(name, Object.keys(commands))
  return new MetastoreError({
    code: 'usage',
    message: `There is no command ${JSON.stringify(name)}.`,
    remedy: `${close === undefined ? '' : `Did you mean ${close}? `}metastore --help lists the commands.`,
  })
}

function usageError(error: CommanderError, { name }: CommandDefinition): MetastoreError {
  const message = error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/, ' (did you mean $1?)')
  return new MetastoreError({
    code: 'usage',
    message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
    where: `metastore ${name}`,
    remedy: `metastore ${name} --help shows what it takes.`,
  })
}

import type { CommanderError } from 'commander'
import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { optionsOf, readOption, type CommandDefinition } from './command.ts'
import { commands } from './commands.ts'

/** The error for a command line that names no command. Its words are not repeated: one of them may be a URL. */
export function commandMissing(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'The command line names no command.',
    remedy: 'metastore --help lists the commands.',
  })
}

/** The error for a command that does not exist. */
export function commandUnknown(name: string): MetastoreError {
  const close = nearest(name, [...Object.keys(commands), 'help'])
  return new MetastoreError({
    code: 'usage',
    message: `There is no command ${JSON.stringify(name)}.`,
    remedy: `${close === undefined ? '' : `Did you mean ${close}? `}metastore --help lists the commands.`,
  })
}

/** What the command-line library found wrong, in our words. */
export function usageError(error: CommanderError, definition: CommandDefinition, given: number): MetastoreError {
  const command = `metastore ${definition.name}`
  const { message, hint } = describe(error, definition, given)
  return new MetastoreError({
    code: 'usage',
    message,
    where: command,
    remedy: `${hint === undefined ? '' : `Did you mean ${hint}? `}${command} --help shows what it takes.`,
  })
}

function describe(
  error: CommanderError,
  definition: CommandDefinition,
  given: number,
): { message: string; hint?: string } {
  const command = `metastore ${definition.name}`
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  switch (error.code) {
    case 'commander.unknownOption':
      return unknownOption(quoted, definition)
    case 'commander.missingArgument':
      return { message: `${command} needs ${definition.arguments?.[0]?.name ?? 'an argument'}.` }
    case 'commander.excessArguments':
      return {
        message: `${command} takes ${argumentCount(definition)}, but ${given} ${given === 1 ? 'was' : 'were'} given.`,
      }
    case 'commander.optionMissingArgument':
      return { message: `${quoted.split(' ', 1)[0]} needs a value: ${quoted}.` }
    default:
      return { message: `${error.message.replace(/^error: /, '')}.` }
  }
}

// What stands behind an equals sign is left out: it may be a secret.
function unknownOption(word: string, definition: CommandDefinition): { message: string; hint?: string } {
  const name = word.split('=', 1)[0] ?? word
  const names = [...optionsOf(definition).map((option) => readOption(option).name), '--help']
  if (names.includes(name)) return { message: `${name} takes no value.` }
  const hint = nearest(name, names)
  return { message: `metastore ${definition.name} has no option ${name}.`, ...(hint !== undefined && { hint }) }
}

function argumentCount({ arguments: taken = [] }: CommandDefinition): string {
  return taken.length === 0 ? 'no arguments' : taken.length === 1 ? '1 argument' : `${taken.length} arguments`
}

const urlOptions = ['--url', '--default-url']

/**
 * Refuses a URL with a password that stands where something else is expected, as in `--database postgres://…`: what is
 * wrong with such a word would be told by repeating it. Throws `usage`.
 */
export function refuseMisplacedUrl(words: readonly string[]): void {
  const misplaced = words.some(
    (word, index) =>
      /:\/\/[^/\s]*:[^/\s]*@|[?&](ssl)?password=/i.test(word) &&
      !urlOptions.includes(words[index - 1] ?? '') &&
      !urlOptions.some((option) => word.startsWith(`${option}=`)),
  )
  if (!misplaced) return
  throw new MetastoreError({
    code: 'usage',
    message: 'The command line has a URL with a password where something else is expected.',
    remedy: 'Give a database URL with --url URL, or better in the environment, as DATABASE_URL.',
  })
}

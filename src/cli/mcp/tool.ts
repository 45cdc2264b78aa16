import { z } from 'zod'
import type { Progress } from '../../progress.ts'
import type { CommandDocument } from './run-command.ts'

/** What lives as long as the server. */
export interface Session {
  /** Whether tools may change a database. */
  readonly allowWrites: boolean
  /** A directory for the plans of this session. */
  readonly plans: string
  /** Runs a command of this tool; its answer is the JSON document that it prints. `listen` hears how far it has come. */
  run(words: readonly string[], signal: AbortSignal, listen?: Progress): Promise<CommandDocument>
}

/** What one call of a tool is given. */
export interface Call extends Session {
  readonly signal: AbortSignal
}

/** A tool as the protocol lists it, and what it does. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: Readonly<Record<string, z.ZodType>>
  readonly writes: boolean
  run(given: Readonly<Record<string, unknown>>, call: Call): Promise<CommandDocument>
}

/** A word of a command line that is no option, whatever it is. */
export const word = z.string().min(1).max(200).regex(/^[^-]/, 'It must not begin with a dash.')

/** Which database is meant. */
export const database = word.optional().describe('the name of one database of metastore.toml; default: all')

/** `--name=value` for a text, `--name` for true, and nothing for what was not given. */
export function option(name: string, value: unknown): string[] {
  if (value === undefined || value === false) return []
  return typeof value === 'string' ? [`--${name}=${value}`] : [`--${name}`]
}

/** Arguments that are not options, of which none may be taken for one. */
export function positional(...values: readonly unknown[]): string[] {
  const given = values.filter((value) => typeof value === 'string')
  return given.length === 0 ? [] : ['--', ...given]
}

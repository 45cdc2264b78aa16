import path from 'node:path'
import { parseEnv } from 'node:util'
import { readTextFile } from './text-file.ts'

/** The variables of the process and of the project's `.env` file. */
export interface Variables {
  readonly process: Readonly<Record<string, string | undefined>>
  readonly file: Readonly<Record<string, string | undefined>>
}

/** A variable that is set, and by whom. */
export interface Variable {
  readonly value: string
  readonly from: 'environment' | '.env'
}

/** Reads the `.env` beside the project. Throws `file_unreadable`. */
export async function readVariables(
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
  shown: string,
): Promise<Variables> {
  const file = path.join(directory, '.env')
  // Python keeps virtual environments in directories of this name.
  const text = await readTextFile({ path: file, shown, code: 'file_unreadable', directories: 'ignore' })
  return { process: environment, file: text === undefined ? {} : parseEnv(text) }
}

/** The value of a variable; the real environment wins over `.env`. */
export function lookUpVariable(variables: Variables, name: string): Variable | undefined {
  for (const [from, values] of [
    ['environment', variables.process],
    ['.env', variables.file],
  ] as const) {
    // Own properties only: `constructor` is no variable.
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value !== undefined) return { value, from }
  }
  return undefined
}

import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { MetastoreError } from '../errors.ts'

/** Where the keys for encryption come from. */
export type KeySource =
  | { readonly from: 'variable'; readonly name: string; readonly value: string }
  /** `shown` is the path as people see it. */
  | { readonly from: 'file'; readonly path: string; readonly shown: string }
  /** A program and its arguments, started without a shell; what it prints is never shown. */
  | { readonly from: 'command'; readonly words: readonly string[]; readonly directory: string }

/** Keys as text, and where it is from, as messages say it. */
export interface KeyText {
  readonly text: string
  readonly where: string
}

/** How long a program that prints the keys may take. */
const patience = 30_000

/** Reads the keys where they are. Throws `key_source_failed`. */
export async function readKeyText(source: KeySource, signal?: AbortSignal): Promise<KeyText> {
  switch (source.from) {
    case 'variable':
      return { text: source.value, where: source.name }
    case 'file':
      return { text: await readKeyFile(source), where: source.shown }
    case 'command':
      return { text: await runKeyCommand(source, signal), where: 'the output of keys_command' }
  }
}

/** Whether others than its owner may read a key file; where the system has no such rights, nobody can tell. */
export async function isReadableByOthers(path: string): Promise<boolean> {
  if (process.platform === 'win32') return false
  const { mode } = await stat(path)
  return (mode & 0o077) !== 0
}

async function readKeyFile({ path, shown }: Extract<KeySource, { from: 'file' }>): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new MetastoreError({
      code: 'key_source_failed',
      message: `The file of keys cannot be read${code === 'ENOENT' ? ': there is no such file' : ` (${code ?? 'unknown'})`}.`,
      where: shown,
      remedy: 'Correct keys_file, or write the file with metastore keys generate --out FILE.',
      cause,
    })
  }
}

function runKeyCommand(
  { words, directory }: Extract<KeySource, { from: 'command' }>,
  signal: AbortSignal | undefined,
): Promise<string> {
  const [program = '', ...rest] = words
  return new Promise((resolve, reject) => {
    const options = { cwd: directory, timeout: patience, maxBuffer: 1024 * 1024, ...(signal && { signal }) }
    execFile(program, rest, options, (error, stdout) => {
      if (error === null) resolve(stdout)
      // The cause is left out: it holds the arguments, and what the program wrote.
      else reject(commandFailed(program, verdictOn(error, signal)))
    })
  })
}

function verdictOn(error: NonNullable<Parameters<Parameters<typeof execFile>[3] & object>[0]>, signal?: AbortSignal) {
  if (signal?.aborted === true) return 'was interrupted'
  if (error.code === 'ENOENT') return 'is not installed, or not on the PATH'
  if (error.killed === true) return `did not end within ${patience / 1000} seconds`
  return typeof error.code === 'number' ? `ended with status ${error.code}` : `could not be run`
}

function commandFailed(program: string, verdict: string): MetastoreError {
  return new MetastoreError({
    code: 'key_source_failed',
    message: `The program ${JSON.stringify(program)}, which should print the keys, ${verdict}.`,
    where: 'keys_command',
    remedy: 'Run it by hand: it must print the keys, the newest first, and nothing else.',
  })
}

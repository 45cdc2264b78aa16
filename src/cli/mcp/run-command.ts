import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { packageDirectory } from '../../package-directory.ts'
import type { Progress } from '../../progress.ts'
import { progressEvent } from './call-progress.ts'

/** The JSON document of a command, or the failure that kept it from printing one. */
export type CommandDocument = Readonly<Record<string, unknown>>

/** What a command is run in. */
export interface CommandPlace {
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Options of every command, such as `--project=PATH`. */
  readonly options: readonly string[]
}

/**
 * Runs one command of this tool with `--json`, as a process of its own: what migrations in code print, or do to their process,
 * stays there, and an interruption is what Ctrl-C is to a person. What it answers has no secrets in it any more.
 */
export function runForDocument(
  words: readonly string[],
  { directory, environment, options }: CommandPlace,
  signal: AbortSignal,
  listen?: Progress,
): Promise<CommandDocument> {
  const [name = '', ...rest] = words
  const progress = `--progress=${listen === undefined ? 'none' : 'json'}`
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [join(packageDirectory(), 'bin', 'metastore'), name, '--json', progress, ...options, ...rest],
      {
        cwd: directory,
        env: { ...environment, NO_COLOR: '1', METASTORE_LOG_FORMAT: 'text' },
        stdio: ['ignore', 'pipe', listen === undefined ? 'ignore' : 'pipe'],
      },
    )
    const interrupt = () => child.kill('SIGINT')
    signal.addEventListener('abort', interrupt, { once: true })
    if (signal.aborted) interrupt()
    let printed = ''
    if (child.stderr !== null && listen !== undefined) tellLines(child.stderr, listen)
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text))
    const end = (document: CommandDocument) => {
      signal.removeEventListener('abort', interrupt)
      resolve(document)
    }
    child.once('error', () => end(unanswered(name)))
    child.once('close', () => end(lastDocument(printed) ?? unanswered(name)))
  })
}

// What migrations in code say there is nobody's business.
function tellLines(stream: Readable, listen: Progress): void {
  createInterface({ input: stream }).on('line', (line) => {
    const event = progressEvent(line)
    if (event !== undefined) listen(event)
  })
}

// A migration in code may have printed something before it.
function lastDocument(printed: string): CommandDocument | undefined {
  const start = printed.startsWith('{\n') ? 0 : printed.lastIndexOf('\n{\n') + 1
  for (const text of [printed, printed.slice(start)]) {
    try {
      return JSON.parse(text) as CommandDocument
    } catch {
      continue
    }
  }
  return undefined
}

function unanswered(command: string): CommandDocument {
  const message = `metastore ${command} ended without an answer.`
  const remedy = `Run metastore ${command} in a terminal to see what it says.`
  return { command, ok: false, error: { code: 'bug', message, where: null, remedy, details: [] } }
}

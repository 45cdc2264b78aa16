import { stripVTControlCharacters } from 'node:util'
import { MetastoreError } from '../errors.ts'
import type { Progress } from '../progress.ts'
import type { Secrets } from '../secrets/redaction.ts'
import { palette, type Palette } from './ui/colour.ts'
import { renderError } from './ui/errors.ts'
import { jsonLines, jsonLog, jsonProgress, type JsonLine, type Level } from './ui/machine.ts'
import { progressDisplay, type ProgressStream } from './ui/progress.ts'

/** How a person wants to be told things. */
export interface OutputOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly colour: boolean
  /** How progress is shown: a bar on a terminal, lines of JSON on standard error, or not at all. */
  readonly progress?: 'auto' | 'json' | 'none'
  /** Whether what is said beside the results goes to standard error as lines of JSON. */
  readonly log?: 'text' | 'json'
  /** The command that says it, for the log. */
  readonly command?: string | null
}

/** The two streams of a process, or of a test. */
export interface Streams {
  readonly stdout: ProgressStream
  readonly stderr: ProgressStream
}

/** Where a command's words go: results to standard output, everything else to standard error; or one JSON document. */
export interface Output {
  readonly options: OutputOptions
  /** For standard output. */
  readonly paint: Palette
  /** A line of the result; not printed with --json. */
  line(text?: string): void
  /** A line above what follows, printed only when something follows; the second one is set off by an empty line. */
  heading(text: string): void
  /** A text for another program, alone on standard output; not printed with --json, nor where it is empty. */
  report(text: string): void
  /** A line that tells how the work goes, on standard output; not printed with --quiet or --json. */
  say(text: string): void
  /** A remark beside the result, on standard error; not printed with --quiet or --json. */
  note(text: string): void
  /** A line of a server's log, on standard error; always printed. */
  log(line: string): void
  /** Adds to the JSON document; nothing happens without --json. */
  document(part: Readonly<Record<string, unknown>>): void
  readonly progress: Progress
  /** Prints a failure; it becomes part of the JSON document with --json. */
  failure(error: unknown): void
  /** Prints the JSON document: at the end, or, for what goes on until it is stopped, as soon as it goes on. Only once. */
  finish(command: string | null, ok: boolean): void
}

/** The same streams, with every secret taken out of what is written: everything that a run says goes through these. */
export function redacting({ stdout, stderr }: Streams, secrets: Secrets): Streams {
  const wrapped = (stream: ProgressStream): ProgressStream => ({
    get isTTY() {
      return stream.isTTY === true
    },
    get columns() {
      return stream.columns ?? 80
    },
    write: (text) => stream.write(secrets.redact(text)),
  })
  return { stdout: wrapped(stdout), stderr: wrapped(stderr) }
}

/** Makes the output of one run. */
export function createOutput(streams: Streams, options: OutputOptions): Output {
  const errorPaint = palette(options.colour && streams.stderr.isTTY === true)
  const display = progressDisplay(streams.stderr, (message) => note(message))
  const write = jsonLines(streams.stderr)
  const log = options.log === 'json' ? jsonLog(write, options.command ?? null) : undefined
  const collected: Record<string, unknown> = {}
  let failed: unknown
  const headings = headingsOn(streams.stdout)
  let finished = false

  const note = (text: string) => {
    if (options.quiet || (options.json && log === undefined)) return
    if (log !== undefined) return log(levelOf(text), text, databaseOf(headings.latest()))
    display.clear()
    streams.stderr.write(`${text}\n`)
  }
  const line = (text = '') => {
    if (options.json) return
    display.clear()
    headings.write()
    streams.stdout.write(`${text}\n`)
  }
  const say = (text: string) => {
    if (options.quiet) return
    if (log === undefined) line(text)
    else log('info', text, databaseOf(headings.latest()))
  }
  return {
    options,
    line,
    heading: headings.wait,
    report: (text) => {
      headings.drop()
      if (text !== '') line(text)
    },
    say,
    paint: palette(log === undefined && options.colour && streams.stdout.isTTY === true),
    note,
    progress: progressOf(options, write, display.listen, note),
    log(text) {
      display.clear()
      streams.stderr.write(`${text}\n`)
    },

    document(part) {
      Object.assign(collected, part)
    },

    failure(error) {
      failed = error
      if (log !== undefined) return log('error', ...failureLine(error, options.verbose, databaseOf(headings.latest())))
      if (options.json && error instanceof MetastoreError) return
      display.clear()
      if (!options.quiet && !options.json) headings.write()
      streams.stderr.write(`${renderError(error, errorPaint, options.verbose).join('\n')}\n`)
    },

    finish(command, ok) {
      if (!options.json || finished) return
      finished = true
      streams.stdout.write(wholeDocument({ command, ok, ...collected }, failed))
    },
  }
}

// A heading is written when something follows it.
function headingsOn(stream: ProgressStream) {
  let waiting: string | undefined
  let latest: string | undefined
  let written = 0
  return {
    latest: () => latest,
    wait: (text: string) => {
      waiting = text
      latest = text
    },
    drop: () => {
      waiting = undefined
    },
    write: () => {
      if (waiting === undefined) return
      stream.write(`${written++ > 0 ? '\n' : ''}${waiting}\n`)
      waiting = undefined
    },
  }
}

function progressOf(
  { quiet, json, progress = 'auto', log }: OutputOptions,
  write: JsonLine,
  listen: Progress,
  note: (message: string) => void,
): Progress {
  if (progress === 'json') return jsonProgress(write)
  const shown = !quiet && (!json || log === 'json')
  if (shown && progress === 'auto' && log !== 'json') return listen
  return (event) => {
    if (shown && event.kind === 'notice') note(event.message)
  }
}

function levelOf(text: string): Level {
  return text.startsWith('Warning: ') ? 'warn' : 'info'
}

// Of several databases each has a heading.
function databaseOf(heading: string | undefined) {
  return heading === undefined ? {} : { database: stripVTControlCharacters(heading) }
}

function wholeDocument(document: Readonly<Record<string, unknown>>, failed: unknown): string {
  const error = failed === undefined ? {} : { error: failureDocument(failed) }
  return `${JSON.stringify({ ...document, ...error }, jsonValue, 2)}\n`
}

function failureLine(
  error: unknown,
  verbose: boolean,
  place: Readonly<Record<string, unknown>>,
): [message: string, more: Readonly<Record<string, unknown>>] {
  const { message, ...more } = failureDocument(error)
  return [message, { ...more, ...place, ...(verbose && error instanceof Error && { stack: error.stack }) }]
}

function failureDocument(error: unknown) {
  if (error instanceof MetastoreError) return error.toJSON()
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'bug', message, where: null, remedy: 'Please report it.', details: [] }
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return value
}

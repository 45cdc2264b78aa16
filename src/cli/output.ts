import { MetastoreError } from '../errors.ts'
import type { Progress } from '../progress.ts'
import type { Secrets } from '../secrets/redaction.ts'
import { palette, type Palette } from './ui/colour.ts'
import { renderError } from './ui/errors.ts'
import { progressDisplay, type ProgressStream } from './ui/progress.ts'

/** How a person wants to be told things. */
export interface OutputOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly colour: boolean
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
  const collected: Record<string, unknown> = {}
  let failed: unknown
  let waitingHeading: string | undefined
  let headings = 0
  let finished = false

  const note = (text: string) => {
    if (options.quiet || options.json) return
    display.clear()
    streams.stderr.write(`${text}\n`)
  }
  const line = (text = '') => {
    if (options.json) return
    display.clear()
    writeHeading()
    streams.stdout.write(`${text}\n`)
  }
  const writeHeading = () => {
    if (waitingHeading === undefined) return
    streams.stdout.write(`${headings++ > 0 ? '\n' : ''}${waitingHeading}\n`)
    waitingHeading = undefined
  }
  return {
    options,
    line,
    heading: (text) => {
      waitingHeading = text
    },
    report: (text) => {
      waitingHeading = undefined
      if (text !== '') line(text)
    },
    say: options.quiet ? () => {} : line,
    paint: palette(options.colour && streams.stdout.isTTY === true),
    note,
    log(text) {
      display.clear()
      streams.stderr.write(`${text}\n`)
    },
    progress: options.quiet || options.json ? () => {} : display.listen,

    document(part) {
      Object.assign(collected, part)
    },

    failure(error) {
      failed = error
      if (options.json && error instanceof MetastoreError) return
      display.clear()
      if (!options.quiet && !options.json) writeHeading()
      streams.stderr.write(`${renderError(error, errorPaint, options.verbose).join('\n')}\n`)
    },

    finish(command, ok) {
      if (!options.json || finished) return
      finished = true
      const error = failed === undefined ? {} : { error: failureDocument(failed) }
      streams.stdout.write(`${JSON.stringify({ command, ok, ...collected, ...error }, jsonValue, 2)}\n`)
    },
  }
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

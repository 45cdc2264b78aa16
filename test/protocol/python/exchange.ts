import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Something that a client asked, and what it was answered. Ids and times of both are names, such as `{thread_1}` and `{time}`. */
export interface Exchange {
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    /** JSON; absent where nothing was sent. */
    readonly body?: unknown
  }
  readonly response: Answer
}

/** What was answered: JSON, or a stream of events. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly events?: readonly StreamedEvent[]
  /** Whether the client went away before the stream had ended, after these events. */
  readonly left?: true
}

/** An event of a stream. */
export interface StreamedEvent {
  readonly event: string
  readonly data: unknown
  readonly id?: string
}

/** What the SDK said and was told. */
export interface Recording {
  /** Which SDK it was. */
  readonly sdk: string
  /** In the order of the questions; the section is a function of exercise.py. */
  readonly exchanges: readonly (Exchange & { readonly section: string })[]
}

const file = path.join(import.meta.dirname, 'recording.jsonl')

/** Reads what has been recorded. */
export function readRecording(): Recording {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  return {
    sdk: JSON.parse(head) as string,
    exchanges: lines.map((line) => JSON.parse(line) as Recording['exchanges'][number]),
  }
}

/** Keeps a recording: one exchange on each line, so that a difference between two can be read. */
export function writeRecording({ sdk, exchanges }: Recording): void {
  writeFileSync(file, [sdk, ...exchanges].map((line) => `${JSON.stringify(line)}\n`).join(''))
}

/** The headers of requests that the server reads. */
export const requestHeaders = [
  'accept',
  'content-type',
  'user-agent',
  'x-api-key',
  'prefer',
  'last-event-id',
  'idempotency-key',
] as const

/** The headers of answers that SDKs read. */
export const answerHeaders = [
  'content-type',
  'content-location',
  'location',
  'x-pagination-total',
  'x-pagination-next',
] as const

/** The events of a stream, without what is no event, and without one that is cut off. */
export function parseEvents(text: string): StreamedEvent[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => {
      const lines = block.split('\n').flatMap((line) => {
        const at = line.indexOf(': ')
        return at <= 0 ? [] : [[line.slice(0, at), line.slice(at + 2)] as const]
      })
      const { event, data, id } = Object.fromEntries(lines) as Readonly<Record<string, string | undefined>>
      if (event === undefined && data === undefined) return []
      return [{ event: event ?? '', data: JSON.parse(data ?? 'null') as unknown, ...(id === undefined ? {} : { id }) }]
    })
}

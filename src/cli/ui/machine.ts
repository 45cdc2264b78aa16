import { stripVTControlCharacters } from 'node:util'
import type { Progress, ProgressEvent } from '../../progress.ts'

/** Writes one JSON object as a line. */
export type JsonLine = (object: Readonly<Record<string, unknown>>) => void

/** Lines of JSON on a stream, each with the time at which it is written. */
export function jsonLines(stream: { write(text: string): unknown }, now: () => Date = () => new Date()): JsonLine {
  return (object) => stream.write(`${JSON.stringify({ time: now().toISOString(), ...object })}\n`)
}

// Of a backfill with small batches a program needs no more than a person could see.
const interval = 200

/**
 * Progress for programs: each event as an object with `event`, its kind, and what the event holds. An `advance` that comes within
 * 200 ms of the last one of its task is held back, unless it begins something else; the last one is always written.
 */
export function jsonProgress(write: JsonLine, now: () => number = () => performance.now()): Progress {
  const tasks = new Map<string, { at: number; label: string | undefined; held: ProgressEvent | undefined }>()
  const tell = ({ kind, ...event }: ProgressEvent) => write({ event: kind, ...event })
  return (event) => {
    if (event.kind === 'advance') {
      const last = tasks.get(event.task)
      if (last !== undefined && last.label === event.label && now() - last.at < interval) {
        last.held = event
        return
      }
      tasks.set(event.task, { at: now(), label: event.label, held: undefined })
    } else if (event.kind === 'end') {
      const held = tasks.get(event.task)?.held
      if (held !== undefined) tell(held)
      tasks.delete(event.task)
    }
    tell(event)
  }
}

/** How much a line of the log matters. */
export type Level = 'info' | 'warn' | 'error'

/** What a command says, as lines of a log: `level`, `command`, `message`, and what else there is to say. */
export function jsonLog(
  write: JsonLine,
  command: string | null,
): (level: Level, message: string, more?: Readonly<Record<string, unknown>>) => void {
  return (level, message, more = {}) => {
    const text = stripVTControlCharacters(message).trim()
    if (text !== '') write({ level, command, message: text, ...more })
  }
}

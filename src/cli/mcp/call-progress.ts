import type { Progress, ProgressEvent } from '../../progress.ts'

/** What a client is told while a call goes on; the number grows with every message, as the protocol asks. */
export type TellProgress = (told: { readonly progress: number; readonly message: string }) => void

/** Tells a client of one call. */
export interface CallProgress extends Disposable {
  readonly listen: Progress
}

/** Seconds without news after which the last is told again: many clients give a call up that they hear nothing of. */
const silence = 10

/**
 * Tells a client how far a call has come, in words: a command has tasks within tasks, so that no number of one of them would grow
 * until the end.
 */
export function callProgress(tell: TellProgress): CallProgress {
  const describe = describer()
  let progress = 0
  let message = 'waiting for its turn'
  const say = () => tell({ progress: (progress += 1), message })
  const timer = setInterval(say, silence * 1000)
  return {
    listen(event) {
      const news = describe(event)
      if (news === undefined) return
      message = news
      say()
      timer.refresh()
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

function describer(): (event: ProgressEvent) => string | undefined {
  const tasks = new Map<string, { readonly total: number | null; readonly unit: string }>()
  return (event) => {
    if (event.kind === 'notice') return event.message
    if (event.kind === 'end') {
      tasks.delete(event.task)
      return undefined
    }
    const { total = null, unit = '' } = tasks.get(event.task) ?? {}
    const known = { total: event.total ?? total, unit: event.kind === 'begin' ? suffix(event.unit) : unit }
    tasks.set(event.task, known)
    const done = event.kind === 'begin' ? 0 : event.done
    const label = event.kind === 'begin' || event.label === undefined || event.label === event.task ? '' : event.label
    const amount = known.total === null ? `${done}${known.unit} done` : `${done} of ${known.total}${known.unit}`
    return `${event.task}: ${amount}${label === '' ? '' : `, ${label}`}`
  }
}

function suffix(unit: string | undefined): string {
  return unit === undefined ? '' : ` ${unit}`
}

/** The event that a line of `--progress json` tells; undefined for any other line. */
export function progressEvent(line: string): ProgressEvent | undefined {
  if (!line.startsWith('{"time":')) return undefined
  try {
    const { event: kind, time: _time, ...event } = JSON.parse(line) as Record<string, unknown>
    if (kind === 'notice' && typeof event['message'] === 'string') return { kind, ...event } as ProgressEvent
    const isOfTask = kind === 'begin' || kind === 'end' || (kind === 'advance' && typeof event['done'] === 'number')
    return isOfTask && typeof event['task'] === 'string' ? ({ kind, ...event } as ProgressEvent) : undefined
  } catch {
    return undefined
  }
}

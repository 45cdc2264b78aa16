import type { Progress, ProgressEvent } from '../../progress.ts'
import { describePace, rateMeter, withSeparators } from './rate.ts'

/** Where progress goes: a terminal's error stream. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Progress on a screen, and the means to take its bar away before something else is printed there. */
export interface ProgressDisplay {
  readonly listen: Progress
  /** Wipes the bar; it comes back with the next event. */
  clear(): void
}

const patience = 2000

/**
 * Shows long work on a terminal: a bar appears only when a task has gone on for two seconds. In a pipe there is no bar, and
 * only notices are written.
 */
export function progressDisplay(stream: ProgressStream, notice: (message: string) => void): ProgressDisplay {
  const bars = new Map<string, Bar>()
  const clear = () => bars.forEach((bar) => bar.clear())
  return {
    clear,
    listen: (event) => {
      if (event.kind === 'notice') {
        clear()
        notice(event.message)
        return
      }
      if (stream.isTTY !== true) return
      follow(bars, stream, event)
    },
  }
}

function follow(
  bars: Map<string, Bar>,
  stream: ProgressStream,
  event: Exclude<ProgressEvent, { kind: 'notice' }>,
): void {
  switch (event.kind) {
    case 'begin':
      // One line has room for one bar: that of the task that began last, which is a part of the others.
      bars.forEach((bar) => bar.hide())
      bars.set(event.task, new Bar(stream, event.total, event.unit))
      return
    case 'advance':
      bars.get(event.task)?.advance(event)
      return
    case 'end':
      bars.get(event.task)?.stop()
      bars.delete(event.task)
      ;[...bars.values()].at(-1)?.show()
  }
}

/** What the bar shows beside its count. */
interface Payload {
  readonly label: string
  readonly pace: string
}

interface DrawnBar {
  update(done: number, payload: Payload): void
  setTotal(total: number): void
  stop(): void
}

class Bar {
  readonly #stream: ProgressStream
  readonly #unit: string | undefined
  readonly #rate = rateMeter()
  readonly #timer: NodeJS.Timeout
  #total: number | null
  #drawn: DrawnBar | undefined
  #done = 0
  #label = ''
  #isDue = false
  #isHidden = false

  constructor(stream: ProgressStream, total: number | null, unit: string | undefined) {
    this.#stream = stream
    this.#total = total
    this.#unit = unit
    this.#timer = setTimeout(() => {
      this.#isDue = true
      void this.#draw()
    }, patience).unref()
  }

  advance({ done, total, label }: Extract<ProgressEvent, { kind: 'advance' }>): void {
    this.#done = done
    this.#label = label ?? ''
    this.#rate.add(done, performance.now())
    if (total !== undefined && this.#total !== null && total !== this.#total) {
      this.#total = total
      this.#drawn?.setTotal(total)
    }
    this.#drawn?.update(done, this.#payload())
  }

  clear(): void {
    if (this.#drawn) this.#stream.write('\r\u001B[2K')
  }

  hide(): void {
    this.#isHidden = true
    this.#drawn?.stop()
    this.#drawn = undefined
  }

  show(): void {
    this.#isHidden = false
    void this.#draw()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.hide()
  }

  #payload(): Payload {
    if (this.#unit === undefined) return { label: this.#label, pace: '' }
    const left = this.#total === null ? null : Math.max(0, this.#total - this.#done)
    const pace = describePace(this.#unit, this.#rate.perSecond(), left)
    return { label: this.#label, pace: pace === '' ? '' : `${pace}  ` }
  }

  get #format(): string {
    if (this.#unit !== undefined) {
      return this.#total === null
        ? `{value} ${this.#unit}  {pace}{label}`
        : `{bar} {value}/{total} ${this.#unit}  {pace}{label}`
    }
    return this.#total === null ? '{value} done  {label}' : '{bar} {value}/{total}  {duration_formatted}  {label}'
  }

  async #draw(): Promise<void> {
    if (!this.#isDue) return
    const { SingleBar, Presets } = (await import('cli-progress')).default
    if (this.#isHidden || this.#drawn !== undefined) return
    const bar = new SingleBar(
      {
        format: this.#format,
        stream: withoutCursorMemory(this.#stream) as NodeJS.WritableStream,
        clearOnComplete: true,
        barsize: 24,
        linewrap: null,
        ...(this.#unit !== undefined && { formatValue: withSeparators }),
      },
      Presets.shades_classic,
    )
    bar.start(this.#total ?? 0, this.#done, this.#payload())
    this.#drawn = bar
  }
}

// When it ends, the library puts the cursor back to where the bar began. Lines that were printed meanwhile have moved it on,
// and would be written over.
function withoutCursorMemory(stream: ProgressStream): ProgressStream {
  const [save, restore] = ['\u001B7', '\u001B8']
  return {
    isTTY: true,
    get columns() {
      return stream.columns ?? 80
    },
    write: (text) => (text === save || text === restore ? true : stream.write(text)),
  }
}

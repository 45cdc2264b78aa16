import type { Progress, ProgressEvent } from '../../progress.ts'

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
      bars.set(event.task, new Bar(stream, event.total))
      return
    case 'advance':
      bars.get(event.task)?.advance(event.done, event.label)
      return
    case 'end':
      bars.get(event.task)?.stop()
      bars.delete(event.task)
  }
}

interface DrawnBar {
  update(done: number, payload: { label: string }): void
  stop(): void
}

class Bar {
  readonly #stream: ProgressStream
  readonly #total: number | null
  readonly #timer: NodeJS.Timeout
  #drawn: DrawnBar | undefined
  #done = 0
  #label = ''
  #stopped = false

  constructor(stream: ProgressStream, total: number | null) {
    this.#stream = stream
    this.#total = total
    this.#timer = setTimeout(() => void this.#draw(), patience).unref()
  }

  advance(done: number, label: string | undefined): void {
    this.#done = done
    this.#label = label ?? ''
    this.#drawn?.update(done, { label: this.#label })
  }

  clear(): void {
    if (this.#drawn) this.#stream.write('\r\u001B[2K')
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#drawn?.stop()
  }

  async #draw(): Promise<void> {
    const { SingleBar, Presets } = (await import('cli-progress')).default
    if (this.#stopped) return
    const format =
      this.#total === null ? '{value} done  {label}' : '{bar} {value}/{total}  {duration_formatted}  {label}'
    const bar = new SingleBar(
      {
        format,
        stream: withoutCursorMemory(this.#stream) as NodeJS.WritableStream,
        clearOnComplete: true,
        barsize: 24,
        linewrap: null,
      },
      Presets.shades_classic,
    )
    bar.start(this.#total ?? 0, this.#done, { label: this.#label })
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

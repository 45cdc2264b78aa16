import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { LoadRow, LoadRows } from '../driver.ts'
import { copyLine } from './copy-text.ts'
import { Exchange } from './exchange.ts'
import type { Wire } from './wire.ts'

const chunkLength = 65_536

/** COPY FROM STDIN: asks, then writes rows as fast as the server takes them. */
export class CopyIn extends Exchange {
  readonly #text: string
  readonly #rows: LoadRows
  // The rows are read where the caller is, as far as its own asynchronous storage goes, and not where the socket is.
  readonly #here = AsyncLocalStorage.snapshot()
  /** Nothing may be written any more: the next message belongs to another statement. */
  #over = false
  /** Lines that wait until there are enough of them to be written. */
  #chunk = ''

  constructor(text: string, rows: LoadRows) {
    super()
    this.#text = text
    this.#rows = rows
  }

  /** How many rows the server has stored. */
  get count(): number {
    return Number(/^COPY (\d+)$/.exec(this.tags.at(-1) ?? '')?.[1] ?? 0)
  }

  override stop(): void {
    if (this.wire !== undefined) this.#end(this.wire, 'the load was interrupted')
  }

  override handleError(error: unknown): void {
    this.#over = true
    super.handleError(error)
  }

  override handleCopyInResponse(wire: Wire): void {
    void this.#here(() => this.#pump(wire))
  }

  protected override send(wire: Wire): void {
    wire.query(this.#text)
  }

  async #pump(wire: Wire): Promise<void> {
    try {
      if (Symbol.asyncIterator in this.#rows) {
        for await (const list of this.#rows) if (!(await this.#take(wire, list))) return
      } else if (!(await this.#take(wire, this.#rows))) return
      await this.#write(wire, this.#chunk)
      this.#end(wire)
    } catch (error) {
      // The rows' own failure is what the caller must see, not the server's echo of it.
      this.fail(error)
      this.#end(wire, 'the rows could not be read')
    }
  }

  // False when nobody is there any more: without an end of its own, a source would be read forever for a connection that is gone.
  async #take(wire: Wire, rows: Iterable<LoadRow>): Promise<boolean> {
    if (this.#isGone(wire)) return false
    for (const row of rows) {
      this.#chunk += copyLine(row)
      if (this.#chunk.length < chunkLength) continue
      await this.#write(wire, this.#chunk)
      this.#chunk = ''
      if (this.#isGone(wire)) return false
    }
    return true
  }

  #isGone({ stream }: Wire): boolean {
    return this.#over || !stream.writable
  }

  #end(wire: Wire, failure?: string): void {
    if (this.#over) return
    this.#over = true
    if (failure === undefined) wire.endCopyFrom()
    else wire.sendCopyFail(failure)
  }

  async #write(wire: Wire, chunk: string): Promise<void> {
    if (this.#over || chunk === '') return
    wire.sendCopyFromChunk(Buffer.from(chunk))
    if (!wire.stream.writableNeedDrain) return
    // A socket that breaks emits no `drain`.
    const closed = new AbortController()
    const close = (): void => closed.abort()
    wire.stream.once('close', close)
    await once(wire.stream, 'drain', { signal: closed.signal }).catch(() => {})
    wire.stream.removeListener('close', close)
  }
}

/** Lets callers go one after the other, in the order in which they came. */
export class Turns {
  readonly #what: string
  #last: Promise<void> = Promise.resolve()
  #lent = false

  /** `what` is the thing that is taken in turns, as the error says it. */
  constructor(what: string) {
    this.#what = what
  }

  /** Runs `work` when everyone before has finished. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseGuests()
    return this.#queue(work, false)
  }

  /** The same for what ends everything, and has to wait even for code of the caller's. */
  last<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue(work, false)
  }

  /**
   * The same for work that runs the caller's own code. Nobody may ask for a turn meanwhile: if that code did, it would wait
   * for its own end. Asynchronous storage could tell who asks, but it slows down every promise of the process.
   */
  async lend<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseGuests()
    return this.#queue(work, true)
  }

  #refuseGuests(): void {
    if (this.#lent) throw new Error(`The ${this.#what} is used while a transaction, load or stream of it goes on.`)
  }

  async #queue<T>(work: () => Promise<T>, lends: boolean): Promise<T> {
    const before = this.#last
    let release = (): void => {}
    this.#last = new Promise((resolve) => (release = resolve))
    await before
    this.#lent = lends
    try {
      return await work()
    } finally {
      this.#lent = false
      release()
    }
  }
}

import { AsyncLocalStorage } from 'node:async_hooks'

/** A turn that somebody has, and the one that he already had when he took it. */
interface Turn {
  readonly of: Turns
  readonly outer: Turn | undefined
  over: boolean
}

const held = new AsyncLocalStorage<Turn>()

/** Lets callers go one after the other, in the order in which they came. */
export class Turns {
  readonly #what: string
  #last: Promise<void> = Promise.resolve()

  /** `what` is the thing that is taken in turns, as the error says it. */
  constructor(what: string) {
    this.#what = what
  }

  /**
   * Runs `work` when everyone before has finished. Whatever `work` calls, however deep, may not take a turn itself: it
   * would wait for its own end, so it throws.
   */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const outer = underWay(held.getStore())
    for (let turn = outer; turn !== undefined; turn = turn.outer) {
      if (turn.of === this && !turn.over) {
        throw new Error(`The ${this.#what} is used inside work that holds it and waits for that work to end.`)
      }
    }
    const before = this.#last
    let release = (): void => {}
    this.#last = new Promise((resolve) => (release = resolve))
    await before
    const turn: Turn = { of: this, outer, over: false }
    try {
      return await held.run(turn, work)
    } finally {
      turn.over = true
      release()
    }
  }
}

function underWay(turn: Turn | undefined): Turn | undefined {
  let found = turn
  while (found?.over) found = found.outer
  return found
}

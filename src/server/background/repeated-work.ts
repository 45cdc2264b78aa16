/** Work that is done whenever there may be some. */
export interface RepeatedWork {
  /** Has a look now, or once more when one is under way. */
  look(): void
  /** Looks no more, and waits for the look that is under way. */
  close(): Promise<void>
}

/** How work is repeated. */
export interface RepeatedWorkOptions {
  /** Does what there is to do, and says in how many milliseconds there may be more. */
  readonly pass: () => Promise<number>
  /** Milliseconds between two looks at most, and after one that failed. */
  readonly pause: number
  readonly onFailure: (error: Error) => void
}

/** Repeats work, from the end of the first pause on. */
export function repeatWork({ pass, pause, onFailure }: RepeatedWorkOptions): RepeatedWork {
  let wanted = false
  let closed = false
  let looking: Promise<void> | undefined
  let timer: NodeJS.Timeout

  const lookAgainAndAgain = async (): Promise<void> => {
    let wait = pause
    while (wanted && !closed) {
      wanted = false
      try {
        wait = await pass()
      } catch (error) {
        wait = pause
        onFailure(error instanceof Error ? error : new Error(String(error)))
      }
    }
    looking = undefined
    plan(wait)
  }
  const look = (): void => {
    wanted = true
    if (!closed) looking ??= lookAgainAndAgain()
  }
  const plan = (wait: number): void => {
    clearTimeout(timer)
    if (!closed) timer = setTimeout(look, Math.min(Math.max(wait, 0), pause))
  }
  plan(pause)
  return {
    look,
    async close() {
      closed = true
      clearTimeout(timer)
      await looking
    },
  }
}

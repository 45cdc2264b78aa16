import { MetastoreError } from '../../errors.ts'

/** Refuses what may be asked for again in a moment. */
export class RateLimited extends MetastoreError {
  // What the error of a run is called.
  override readonly name = 'RateLimited'
  /** How long to wait. */
  readonly seconds: number

  constructor(seconds: number, what: string, remedy: string) {
    super({ code: 'rate_limited', message: `${what} Wait for ${seconds} s.`, remedy })
    this.seconds = seconds
  }
}

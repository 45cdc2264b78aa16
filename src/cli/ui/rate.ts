/** How fast something goes, from what it says of itself. */
export interface RateMeter {
  /** Notes that so many are done at a time in milliseconds. */
  add(done: number, at: number): void
  /** How many a second lately; null as long as that cannot be told. */
  perSecond(): number | null
}

// Long enough for one slow batch not to matter, short enough to follow a change.
const lately = 10_000
const shortest = 1000

/** A meter of the rate over the last ten seconds. What was done before it first hears of the work does not count. */
export function rateMeter(): RateMeter {
  const samples: { readonly done: number; readonly at: number }[] = []
  return {
    add(done, at) {
      samples.push({ done, at })
      // One sample from before the window stays, so that the window is always spanned.
      while (samples.length > 2 && (samples[1]?.at ?? at) <= at - lately) samples.shift()
    },
    perSecond() {
      const [first, last] = [samples[0], samples.at(-1)]
      if (first === undefined || last === undefined || last.at - first.at < shortest) return null
      return ((last.done - first.done) * 1000) / (last.at - first.at)
    },
  }
}

/** A rate and the time that is left at it, as people read them; nothing as long as neither can be told. */
export function describePace(unit: string, rate: number | null, left: number | null): string {
  if (rate === null) return ''
  const speed = `${withSeparators(Math.round(rate))} ${unit}/s`
  return left === null || rate === 0 ? speed : `${speed}  ${describeSeconds(Math.ceil(left / rate))} left`
}

/** A number with its thousands apart: `1,234,567`. */
export function withSeparators(number: number): string {
  return number.toLocaleString('en-US')
}

function describeSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

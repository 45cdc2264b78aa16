/** The middle of some numbers; of an even count, the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const below = sorted[Math.ceil(middle) - 1]
  const above = sorted[Math.floor(middle)]
  if (below === undefined || above === undefined) throw new Error('There is no median of nothing.')
  return (below + above) / 2
}

/** One figure of each round divided by the other of the same round, so that a slow round slows both. */
export function pairedRatios(numbers: readonly number[], floor: readonly number[]): number[] {
  return numbers.map((number, round) => {
    const other = floor[round]
    if (other === undefined) throw new Error('The floor was measured in fewer rounds.')
    return number / other
  })
}

/** The median of such ratios. */
export function pairedRatio(numbers: readonly number[], floor: readonly number[]): number {
  return median(pairedRatios(numbers, floor))
}

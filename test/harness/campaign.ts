/** Whether this is a campaign, which tries every case; otherwise a fixed sample of them is tried. */
export const campaign = process.env['METASTORE_CAMPAIGN'] === 'full'

/** All of the cases in a campaign, otherwise every n-th, always the same ones. */
export function sample<T>(cases: readonly T[], every: number): T[] {
  return campaign ? [...cases] : cases.filter((_, index) => index % every === 0)
}

/** All of the numbers from 1 in a campaign, otherwise so many of them, spread evenly; another turn takes others. */
export function spread(last: number, count: number, turn: number): number[] {
  const all = Array.from({ length: last }, (_, index) => index + 1)
  if (campaign || last <= count) return all
  const width = last / count
  const shift = (turn * 0.618) % 1
  return Array.from({ length: count }, (_, index) => Math.floor((index + shift) * width) + 1)
}

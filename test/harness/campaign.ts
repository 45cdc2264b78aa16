/** Whether this is a campaign, which tries every case; otherwise a fixed sample of them is tried. */
export const campaign = process.env['METASTORE_CAMPAIGN'] === 'full'

/** All of the cases in a campaign, otherwise every n-th, always the same ones. */
export function sample<T>(cases: readonly T[], every: number): T[] {
  return campaign ? [...cases] : cases.filter((_, index) => index % every === 0)
}

import type { Check } from './check-input.ts'

/** Names that do not say when their migration comes. */
export const nameWithoutNumber: Check = {
  code: 'name_without_number',
  severity: 'P2',
  summary: 'A name without a leading number or date sorts by its letters, so a later migration may come before it.',

  check: ({ files }) =>
    files
      .filter(({ version }) => version === null)
      .map(({ path, name }) => ({
        file: path,
        object: name,
        message: 'The name begins with no number, so its place in the order depends on its letters.',
        remedy: 'Begin the names of new migrations with a number or a time, as metastore new does.',
      })),
}

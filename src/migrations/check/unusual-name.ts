import type { Check } from './check-input.ts'

/** Names that have to be quoted wherever their version schema is written. */
export const unusualName: Check = {
  code: 'unusual_name',
  severity: 'P2',
  summary:
    'A schema whose name has other characters than lower-case letters, digits and _ must be quoted in SQL and in search_path.',

  check: ({ files }) =>
    files
      .filter(({ name }) => !/^[a-z0-9_]+$/.test(name))
      .map(({ path, name }) => ({
        file: path,
        object: name,
        message: `The name has ${JSON.stringify(unusual(name))}, which must be quoted in SQL.`,
        remedy: 'Use lower-case letters, digits and _ in the names of new migrations.',
      })),
}

function unusual(name: string): string {
  return [...new Set(name)].filter((character) => !/[a-z0-9_]/.test(character)).join('')
}

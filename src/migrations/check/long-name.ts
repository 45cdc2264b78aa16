import type { Check } from './check-input.ts'

// PostgreSQL cuts names at 63 bytes, and a version schema is called migration_<name>.
const longest = 63 - 'migration_'.length

/** Names that are too long for their version schema. */
export const longName: Check = {
  code: 'long_name',
  severity: 'P0',
  summary: 'The schema migration_<name> would be cut off, and two migrations could end up with the same one.',

  check: ({ files }) =>
    files
      // The reader of actions refuses them itself.
      .filter(({ format }) => format !== 'actions')
      .map(({ path, name }) => ({ path, name, bytes: Buffer.byteLength(name) }))
      .filter(({ bytes }) => bytes > longest)
      .map(({ path, name, bytes }) => ({
        file: path,
        object: name,
        message: `The name has ${bytes} bytes; a migration's name may have ${longest}.`,
        remedy: `Shorten it by ${bytes - longest === 1 ? 'one byte' : `${bytes - longest} bytes`} before it is applied anywhere.`,
      })),
}

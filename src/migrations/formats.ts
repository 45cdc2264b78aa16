import type { Dialect } from '../database/sql.ts'
import type { Identify } from './formats/identity.ts'
import type { FormatName, Migration, MigrationFile } from './migration.ts'

/** Turns a file that has been read into a migration. Throws `migration_invalid` and what else its format says. */
export type ParseMigration = (file: MigrationFile, dialect: Dialect) => Promise<Migration>

/** One format that migrations are written in. */
export interface Format {
  readonly name: FormatName
  /** The extensions that mean it, in lower case, with the point. */
  readonly extensions: readonly string[]
  /** Its reader, imported only when a file of the format is about to be applied or checked. */
  readonly load: () => Promise<ParseMigration>
  /** Where files have names and checksums of their own: what reads those, imported for every run that finds such a file. */
  readonly loadIdentify?: () => Promise<Identify>
}

/** Every format there is. */
export const formats: readonly Format[] = [
  { name: 'sql', extensions: ['.sql'], load: async () => (await import('./formats/sql.ts')).parseSqlMigration },
  {
    name: 'script',
    extensions: ['.ts', '.mts', '.js', '.mjs'],
    load: async () => (await import('./formats/script.ts')).parseScriptMigration,
  },
  {
    name: 'actions',
    extensions: ['.toml', '.json'],
    load: async () => (await import('./formats/actions/parse.ts')).parseActionsMigration,
    loadIdentify: async () => (await import('./formats/actions/identify.ts')).identifyActions,
  },
]

/** The format of a file by its extension, whose case does not matter; undefined when no format has it. */
export function formatOf(fileName: string): { format: Format; extension: string } | undefined {
  const extension = extensionOf(fileName)
  const format = formats.find(({ extensions }) => extensions.includes(extension.toLowerCase()))
  return format && { format, extension }
}

/** The extension of a file name with its point, as it is written; empty when there is none. */
export function extensionOf(fileName: string): string {
  const point = fileName.lastIndexOf('.')
  return point <= 0 ? '' : fileName.slice(point)
}

/** Understands a file by the reader of its format, once. Throws `migration_invalid`, and `script_failed` for a script that fails to load. */
export const parseMigration: ParseMigration = (file, dialect) => {
  const known = understood[dialect].get(file)
  if (known !== undefined) return known
  const parsed = parse(file, dialect)
  understood[dialect].set(file, parsed)
  return parsed
}

// A run understands its files before it asks for the lock, and looks at them again under it.
const understood: Readonly<Record<Dialect, WeakMap<MigrationFile, Promise<Migration>>>> = {
  postgres: new WeakMap(),
  sqlite: new WeakMap(),
}

const parse: ParseMigration = async (file, dialect) => {
  const format = formats.find(({ name }) => name === file.format)
  if (format === undefined) throw new RangeError(`There is no format ${file.format}.`)
  return (await format.load())(file, dialect)
}

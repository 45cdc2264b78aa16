/** The kinds of value that a setting can have. A url is a string that may hold a password. */
type SettingKind =
  | 'string'
  | 'url'
  | 'identifier'
  | 'boolean'
  | 'integer'
  | 'duration'
  | 'directories'
  | 'choice'
  | 'file'
  /** The words of a command line; only the first of them is shown. */
  | 'command'
  /** Hours of the week, as `Sat-Sun 01:00-05:00 Europe/Paris`. */
  | 'windows'
  /** Columns, as `table.column` or `schema.table.column`. */
  | 'columns'
  | 'variables'

/** A value as metastore.toml would say it. */
export type WrittenValue = string | number | boolean | readonly string[] | null

/** One setting of a database, declared once for validation, `metastore config`, the flags' help and the manual. */
export interface Setting {
  /** Its name in metastore.toml. */
  readonly key: string
  readonly kind: SettingKind
  /** As metastore.toml would say it; null for none. In a url, NAME stands for the database's name. */
  readonly default: WrittenValue
  /** The environment variables that set it; the first that is set wins. */
  readonly variables: readonly string[]
  /** The flag that sets it, with its argument, as the command line's help shows it; null for none. */
  readonly flag: string | null
  /** What a flag without an argument stands for, where the setting is no boolean. */
  readonly flagValue?: string
  /**
   * Which databases a flag or variable of it is for: `all` of them, or `one`, the only one declared or the one named
   * with `--database`, because two databases cannot share it.
   */
  readonly reach: 'all' | 'one'
  /** One sentence. */
  readonly description: string
  /** What a choice can be. */
  readonly choices?: readonly string[]
  /** The smallest integer, or the shortest duration in milliseconds; 0 unless said. */
  readonly least?: number
}

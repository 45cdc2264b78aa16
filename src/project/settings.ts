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

/** Every setting of a `[database.NAME]` table, by its name in code. */
const databaseSettings = {
  url: {
    key: 'url',
    kind: 'url',
    default: 'pglite:.metastore/NAME',
    variables: ['DATABASE_URL', 'DB_URL'],
    flag: '--url <url>',
    reach: 'one',
    description: 'Where the database is: postgres://…, pglite:DIR, pglite:memory, sqlite:FILE or sqlite::memory:.',
  },
  migrations: {
    key: 'migrations',
    kind: 'directories',
    default: ['migrations'],
    variables: ['METASTORE_MIGRATIONS'],
    flag: '--dirs <dir...>',
    reach: 'one',
    description: 'The directories that hold its migrations.',
  },
  seeds: {
    key: 'seeds',
    kind: 'directories',
    default: ['seeds'],
    variables: ['METASTORE_SEEDS'],
    flag: null,
    reach: 'one',
    description: 'The directories that hold its seeds.',
  },
  tests: {
    key: 'tests',
    kind: 'directories',
    default: ['tests'],
    variables: ['METASTORE_TESTS'],
    flag: null,
    reach: 'one',
    description: 'The directories that hold tests of its migrations.',
  },
  schema: {
    key: 'schema',
    kind: 'identifier',
    default: 'public',
    variables: ['METASTORE_SCHEMA'],
    flag: '--schema <name>',
    reach: 'all',
    description: 'The base schema: the one that holds the real tables, which migrations in actions change.',
  },
  unknownKeys: {
    key: 'unknown_keys',
    kind: 'choice',
    choices: ['error', 'warn'],
    default: 'error',
    variables: ['METASTORE_UNKNOWN_KEYS'],
    flag: '--lenient',
    flagValue: 'warn',
    reach: 'all',
    description:
      'What a key is that no action has: an error, or a warning, after which the key is ignored; the flag means "warn".',
  },
  exposeViews: {
    key: 'expose_views',
    kind: 'boolean',
    default: true,
    variables: ['METASTORE_EXPOSE_VIEWS'],
    flag: null,
    reach: 'all',
    description: "Whether views and functions of the base schema are carried into the version's schema.",
  },
  models: {
    key: 'models',
    kind: 'directories',
    default: [],
    variables: ['METASTORE_MODELS'],
    flag: null,
    reach: 'one',
    description:
      'The files of Drizzle models, or one file of SQL, that say what generate compares the migrations with.',
  },
  modelsCasing: {
    key: 'models_casing',
    kind: 'choice',
    choices: ['snake_case', 'camelCase'],
    default: null,
    variables: ['METASTORE_MODELS_CASING'],
    flag: null,
    reach: 'all',
    description: 'How names of columns are made from the keys of models, where drizzle() is given a casing.',
  },
  generateFormat: {
    key: 'generate_format',
    kind: 'choice',
    choices: ['sql', 'toml'],
    default: null,
    variables: ['METASTORE_GENERATE_FORMAT'],
    flag: null,
    reach: 'all',
    description: 'What generate writes; unless said, actions where the newest migration is one in actions, else SQL.',
  },
  environment: {
    key: 'environment',
    kind: 'string',
    default: null,
    variables: ['METASTORE_ENVIRONMENT'],
    flag: null,
    reach: 'all',
    description: 'What the database is for, in a word of your own; "production" guards what could lose data.',
  },
  stateSchema: {
    key: 'state_schema',
    kind: 'identifier',
    default: 'metastore',
    variables: ['METASTORE_STATE_SCHEMA'],
    flag: null,
    reach: 'all',
    description: 'The schema that holds the bookkeeping of metastore; on SQLite the prefix of its tables.',
  },
  historyView: {
    key: 'history_view',
    kind: 'identifier',
    default: null,
    variables: ['METASTORE_HISTORY_VIEW'],
    flag: null,
    reach: 'all',
    description: 'The name of a view of the applied migrations in the base schema, such as "schema_migrations".',
  },
  lockTimeout: {
    key: 'lock_timeout',
    kind: 'duration',
    default: '500ms',
    variables: ['METASTORE_LOCK_TIMEOUT'],
    flag: '--lock-timeout <duration>',
    reach: 'all',
    // PostgreSQL takes 0 for "no limit", which is the opposite of what somebody who writes 0s expects.
    least: 1,
    description: 'How long a statement of an SQL migration may wait for a lock before it gives way and is tried again.',
  },
  lockDeadline: {
    key: 'lock_deadline',
    kind: 'duration',
    default: '10m',
    variables: ['METASTORE_LOCK_DEADLINE'],
    flag: '--lock-deadline <duration>',
    reach: 'all',
    description: 'How long a statement that finds no lock is tried again before the migration fails.',
  },
  lockWait: {
    key: 'lock_wait',
    kind: 'duration',
    default: '10m',
    variables: ['METASTORE_LOCK_WAIT'],
    flag: '--lock-wait <duration>',
    reach: 'all',
    description: 'How long to wait while another process migrates the database, or writes to a SQLite file.',
  },
  wait: {
    key: 'wait',
    kind: 'duration',
    default: '0s',
    variables: ['METASTORE_WAIT'],
    flag: '--wait <duration>',
    reach: 'all',
    description: 'How long to go on trying to connect while the server is starting.',
  },
  bootstrap: {
    key: 'bootstrap',
    kind: 'boolean',
    default: false,
    variables: ['METASTORE_BOOTSTRAP'],
    flag: '--bootstrap',
    reach: 'all',
    description: 'Whether to create the database, and its role, when they are missing.',
  },
  adminUrl: {
    key: 'admin_url',
    kind: 'url',
    default: null,
    variables: ['METASTORE_ADMIN_URL'],
    flag: null,
    reach: 'all',
    description: 'The URL of a role that may create roles and databases, for bootstrap.',
  },
  reportDirectory: {
    key: 'report_directory',
    kind: 'file',
    default: 'reports',
    variables: ['METASTORE_REPORT_DIRECTORY'],
    flag: null,
    reach: 'one',
    description: 'The directory that report writes its documents to.',
  },
  encrypted: {
    key: 'encrypted',
    kind: 'columns',
    default: [],
    variables: ['METASTORE_ENCRYPTED'],
    flag: null,
    reach: 'all',
    description: 'The columns that hold Fernet tokens, as "table.column": keys check and keys rotate look at them.',
  },
  keysVariable: {
    key: 'keys_variable',
    kind: 'string',
    default: 'FERNET_KEY',
    variables: ['METASTORE_KEYS_VARIABLE'],
    flag: null,
    reach: 'all',
    description: 'The environment variable that holds the keys for encryption, the newest first.',
  },
  keysFile: {
    key: 'keys_file',
    kind: 'file',
    default: null,
    variables: ['METASTORE_KEYS_FILE'],
    flag: null,
    reach: 'all',
    description: 'A file that holds the keys, where the variable is not set.',
  },
  keysCommand: {
    key: 'keys_command',
    kind: 'command',
    default: null,
    variables: ['METASTORE_KEYS_COMMAND'],
    flag: null,
    reach: 'all',
    description: 'A program that prints the keys, with its arguments, where neither variable nor file gives them.',
  },
  requiredVariables: {
    key: 'required_variables',
    kind: 'variables',
    default: [],
    variables: ['METASTORE_REQUIRED_VARIABLES'],
    flag: null,
    reach: 'all',
    description: 'Environment variables that the application or its seeds need: doctor says which are not set.',
  },
  tenantColumn: {
    key: 'tenant_column',
    kind: 'identifier',
    default: null,
    variables: ['METASTORE_TENANT_COLUMN'],
    flag: null,
    reach: 'all',
    description: 'The column that says whose a row is, such as "tenant_id": audit looks after every table that has it.',
  },
} as const satisfies Record<string, Setting>

/** A setting's name in code. */
export type SettingName = keyof typeof databaseSettings

/** The names of all settings, in the order in which they are shown. */
export const settingNames = Object.keys(databaseSettings) as SettingName[]

/** The declaration of a setting, as its general type. */
export function settingOf(name: SettingName): Setting {
  return databaseSettings[name]
}

/** A directory or a file that a setting names. */
export interface Directory {
  /** As it was written, for people. */
  readonly path: string
  /** The path to read from. */
  readonly absolute: string
}

/** The value of a setting, whatever its kind. */
export type SettingValue = string | number | boolean | readonly Directory[] | readonly string[] | Directory | null

interface KindValues {
  readonly string: string
  readonly url: string
  readonly identifier: string
  readonly boolean: boolean
  readonly integer: number
  readonly duration: number /* milliseconds */
  readonly directories: readonly Directory[]
  readonly choice: string
  readonly file: Directory
  readonly command: readonly string[]
  readonly columns: readonly string[]
  readonly variables: readonly string[]
}

type Declared = typeof databaseSettings

/** The resolved values of one database, each of the type that its kind says; null only where the default is none. */
export type SettingValues = {
  readonly [Name in SettingName]:
    | (Declared[Name] extends { readonly choices: readonly (infer Choice)[] }
        ? Choice
        : KindValues[Declared[Name]['kind']])
    | (Declared[Name]['default'] extends null ? null : never)
}
